/** A program as a user writes it, of the installed package alone: every request, decided, as one text. */
import { type Header, load, readPublicKey } from "@polity/runtime";

/** What lies beside the program, or behind the page. */
export const FILES = [
  "evaluator.wasm",
  "evaluator.dsse.json",
  "key.pub.pem",
  "facts.json",
  "cases.json",
] as const;

export interface Case {
  readonly action: string;
  readonly fields: unknown;
  readonly header: Header;
}

export async function decideAll(
  read: (name: (typeof FILES)[number]) => Promise<Uint8Array>,
): Promise<string> {
  const [wasm, envelope, pem, facts, cases] = await Promise.all([
    read("evaluator.wasm"),
    read("evaluator.dsse.json"),
    read("key.pub.pem"),
    read("facts.json"),
    read("cases.json"),
  ]);
  const all = JSON.parse(new TextDecoder().decode(cases)) as readonly Case[];
  const key = readPublicKey(new TextDecoder().decode(pem));
  if (!key.ok) throw new Error(key.message);
  const trust = { keys: [key.key], name: "vectors.types", audience: "packages" };
  const now = all[0]?.header.now ?? 0;
  const loaded = await load(wasm, envelope, trust, now, { facts });
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  const { host } = loaded;
  const lines = all.map(({ action, fields, header }) =>
    asText([host.decide(action, fields, header), host.request(action, fields)]),
  );
  return [host.evaluator, host.facts, ...lines].join("\n");
}

function asText(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => (typeof member === "bigint" ? `${member}n` : member));
}
