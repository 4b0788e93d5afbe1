/** The example of docs/governor.md runs as it stands there. */
import { readFileSync } from "node:fs";
import * as governorPackage from "@polity/governor/index.ts";
import * as nodePackage from "@polity/governor/node/index.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { expect, test } from "vitest";
import { freshFolder, openOptions } from "./support/file-log.ts";
import { hostOf } from "./support/governing.ts";

const POLICY = `polity 1
policy test.page version 1
entity Agent
subject agent: Agent
action pay { amount: int 0..1000, to: string max 40 from agent }
allow small on pay when amount < 100
`;
const page = readFileSync(new URL("../docs/governor.md", import.meta.url), "utf8");
const [, example = ""] = /```js\n(import [\s\S]*?)```/.exec(page) ?? [];
const PACKAGES: Readonly<Record<string, object>> = {
  "@polity/governor": governorPackage,
  "@polity/governor/node": nodePackage,
};
const IMPORT = /^import (\{[^}]*\}) from "([^"]+)";$/gm;

/** With what the page says comes from elsewhere; each import is of what the packages export. */
async function run(given: Readonly<Record<string, unknown>>): Promise<void> {
  const body = example.replace(
    IMPORT,
    (_, names: string, from: string) => `const ${names} = $from["${from}"];`,
  );
  const AsyncFunction = (async () => {}).constructor as new (
    ...text: string[]
  ) => (...values: unknown[]) => Promise<void>;
  const names = [...Object.keys(given), "$from"];
  await new AsyncFunction(...names, body)(...Object.values(given), PACKAGES);
}

test("docs/governor.md: an execution begins, pays, and ends", async () => {
  expect([...example.matchAll(IMPORT)]).toHaveLength(2);
  const opened = await openFileLog(freshFolder(), openOptions());
  if (!opened.ok) throw opened.error;
  const { store, nextSeq } = opened;
  const paid: unknown[] = [];
  const bank = {
    pay(fields: unknown, { signal }: { readonly signal: AbortSignal }) {
      paid.push([fields, signal.aborted]);
    },
  };
  const host = await hostOf(POLICY, { entities: [{ type: "Agent", id: "ada" }] });
  const said: unknown[] = [];
  const console = { log: (...words: unknown[]) => said.push(words) };
  await run({ host, store, nextSeq, bank, console });
  expect(paid).toEqual([[{ agent: "ada", amount: 5, to: "shop" }, false]]);
  expect(said).toEqual([]);
  await store.flush();
  const kinds: string[] = [];
  for (let at = 0; at < store.size; at += 1) {
    const decoded = decodeEntry((await store.entry(at))!);
    kinds.push(decoded.ok ? decoded.entry.kind : decoded.message);
  }
  expect(kinds).toEqual(["execution", "decision", "outcome", "execution"]);
  await store.close();
});
