/** What issuing an order and issuing a statement about what runs have in common. */
import type { Governed, Scope } from "@polity/governor/papers/paper.ts";
import { TIMESTAMP_MAX } from "@polity/runtime/layout.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import { digestOption } from "./digest-option.ts";
import { EXIT } from "./failure.ts";
import { governedOf } from "./governed-options.ts";
import { type Invocation, usage } from "./invocation.ts";
import { readSigner } from "./key-files.ts";
import { outputOption, STANDARD_OUTPUT } from "./output-option.ts";
import { nameOf } from "./read-file.ts";
import { answerNo, type Refusal } from "./refusal.ts";
import { columns } from "./table.ts";
import { printLine, write } from "./terminal.ts";
import { timeOption } from "./time-option.ts";
import { openTrust } from "./trust-files.ts";
import { visible } from "./words.ts";
import { writeWhole } from "./write-file.ts";

interface PaperToIssue<T extends Scope> {
  /** As messages call it: `the order`. */
  readonly name: string;
  /** Where it goes when nobody says where. */
  readonly usualOutput: string;
  /** Who may issue it, by name, with their keys. */
  readonly issuers: (root: TrustRoot) => ReadonlyMap<string, readonly string[]>;
  /** For whoever has the key of nobody who may. */
  readonly unsigned: { readonly code: string; readonly who: string };
  readonly make: (scope: Scope, issuer: string) => T;
  /** Rejects with a RangeError for what no paper of this kind can say. */
  readonly sign: (paper: T, signers: readonly Signer[]) => Promise<string>;
  /** What its reader would make of it. */
  readonly verify: (
    envelope: string,
    governed: Governed,
    nowMs: number,
    paper: T,
  ) => { readonly ok: true } | Omit<Refusal, "hint" | "place">;
  readonly rows: (paper: T) => string[][];
  readonly asJson: (paper: T) => object;
}

const HOUR_MS = 3_600_000;

export async function issuePaper<T extends Scope>(
  invocation: Invocation,
  kind: PaperToIssue<T>,
): Promise<number> {
  const { command, values, switches } = invocation;
  const json = switches.has("json");
  const issuedMs = timeOption(invocation, "now") ?? Date.now();
  const expiresMs = timeOption(invocation, "until") ?? Math.min(issuedMs + HOUR_MS, Number(TIMESTAMP_MAX));
  const [trust, key] = [values.get("trust") ?? "", values.get("key") ?? ""];
  const walked = await openTrust([trust], issuedMs, digestOption(invocation, "pin"));
  if (!walked.ok) return answerNo(nameOf(walked.file), walked, json);
  const governed = governedOf(invocation, walked.root);
  const output = outputOption(invocation, kind.usualOutput, [trust, key]);
  const signer = await readSigner(key);
  const issuers = [...kind.issuers(walked.root)];
  const issuer = issuers.find(([, keys]) => keys.includes(signer.publicKey.id))?.[0];
  if (issuer === undefined) {
    const { code, who } = kind.unsigned;
    const message = `${nameOf(key)} is the key of no ${who} of this trust root`;
    const hint = "pol trust show says whose keys are";
    return answerNo(kind.name, { ok: false, code, message, hint }, json);
  }
  const { set, audience } = governed;
  const paper = kind.make({ root: walked.root.name, set, audience, issuedMs, expiresMs }, issuer);
  const envelope = await kind.sign(paper, [signer]).catch((error: unknown) => {
    // What the paper cannot say, the options cannot either: the message says which of them.
    throw error instanceof RangeError ? usage(command, error.message) : error;
  });
  const checked = kind.verify(envelope, governed, issuedMs, paper);
  if (!checked.ok) return answerNo(kind.name, { ...checked, hint: null }, json);
  if (output === STANDARD_OUTPUT) await write(envelope);
  // Whoever watches the file sees the old paper or this one, and never a part.
  else writeWhole(output, envelope);
  if (json) {
    await printLine(JSON.stringify({ output, ...kind.asJson(paper) }));
    return EXIT.done;
  }
  const shown = output === STANDARD_OUTPUT ? "standard output" : visible(output);
  const lines = [shown, ...columns(kind.rows(paper)).map((line) => `  ${line}`)];
  await printLine(lines.join("\n"), output === STANDARD_OUTPUT ? "error" : "out");
  return EXIT.done;
}
