/** What `pol trust init`, `rotate` and `sign` have in common: keys, writing, and saying what is missing. */

import { dirname, isAbsolute, join } from "node:path";
import { parseJson } from "@polity/runtime/json.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import { TIMESTAMP_MAX } from "@polity/runtime/layout.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import { failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { readSigner, readTrusted } from "./key-files.ts";
import { nameOf, readBytes, utf8Text } from "./read-file.ts";
import { keyChanges, rootRows, standingRows } from "./render-trust.ts";
import { columns } from "./table.ts";
import { tellNote } from "./tell.ts";
import { printLine } from "./terminal.ts";
import { timeOption, timeText } from "./time-option.ts";
import { type Draft, draftOf, standings } from "./trust-draft.ts";
import { isPlan, keyNames, type Plan, rootOf } from "./trust-plan.ts";
import { quoted, visible } from "./words.ts";

const PLAN_BYTES_MAX = 256 * 1024;
const YEAR_MS = 365 * 86_400_000;

/** A plan, and the folder from which its key files are named. */
export interface PlanFile {
  readonly plan: Plan;
  readonly folder: string;
  /** As messages name it. */
  readonly name: string;
}

export async function readPlan(path: string): Promise<PlanFile> {
  const text = utf8Text(await readBytes(path, PLAN_BYTES_MAX));
  if (text === null) throw failure(`${nameOf(path)} is not UTF-8 text`);
  const parsed = parseJson(text);
  if (!parsed.ok) throw failure(`${nameOf(path)}: ${parsed.message} (character ${parsed.offset + 1})`);
  if (!isPlan(parsed.value)) throw failure(`${nameOf(path)}: a plan is a JSON object, see docs/trust.md`);
  const surplus = ["version", "keys"].find((member) => Object.hasOwn(parsed.value as Plan, member));
  if (surplus !== undefined) {
    throw failure(
      `${nameOf(path)}: ${quoted(surplus)} is not for a plan to say`,
      "leave it out: it comes by itself",
    );
  }
  return { plan: parsed.value, folder: path === "-" ? "." : dirname(path), name: nameOf(path) };
}

const KEY_ID = /^sha256:[0-9a-f]{64}$/;

/** The draft that a plan means; keys are files, or ids of keys that `known` has. */
export async function draftOfPlan(
  { plan, folder, name }: PlanFile,
  {
    version,
    expiresMs,
    minEpoch,
    known,
  }: {
    readonly version: number;
    readonly expiresMs: number;
    readonly minEpoch: number;
    readonly known: ReadonlyMap<string, PublicKey>;
  },
): Promise<Draft> {
  const keys = new Map<string, PublicKey>();
  for (const key of keyNames(plan)) {
    const there = known.get(key);
    if (there !== undefined) keys.set(key, there);
    else if (KEY_ID.test(key)) throw failure(`${name}: no key ${key} was there before`, "name its file");
    else keys.set(key, await readTrusted(isAbsolute(key) ? key : join(folder, key)));
  }
  const made = rootOf(plan, { version, expiresMs, minEpoch, keys });
  if (!made.ok)
    throw failure(`${name}: ${visible(made.message)}`, "what a trust root says is in docs/trust.md");
  return draftOf(made.root);
}

export function expiryOf(invocation: Invocation): number {
  const expiresMs = timeOption(invocation, "until") ?? Math.min(Date.now() + YEAR_MS, Number(TIMESTAMP_MAX));
  return expiresMs;
}

/** Every signer must hold a root key of the draft, or of the version before. */
export async function readSigners(
  paths: readonly string[],
  { root }: Draft,
  previous: TrustRoot | null,
): Promise<readonly Signer[]> {
  const signers: Signer[] = [];
  for (const path of paths) {
    const signer = await readSigner(path);
    const { id } = signer.publicKey;
    if (!root.root.keys.includes(id) && previous?.root.keys.includes(id) !== true) {
      const where =
        previous === null ? `version ${root.version}` : `versions ${previous.version} and ${root.version}`;
      const hint =
        root.version > 1 && previous === null
          ? "--previous names the version before, whose keys sign too"
          : "only keys of the role root sign trust roots";
      throw failure(`${nameOf(path)} is no root key of ${where}`, hint);
    }
    signers.push(signer);
  }
  return signers;
}

/** Says what was written, and who still has to sign. */
export async function tellDraft(
  draft: Draft,
  previous: TrustRoot | null,
  output: string,
  json: boolean,
): Promise<void> {
  const { root, digest } = draft;
  const all = standings(draft, previous);
  const missing = all.find(({ signed, threshold }) => signed < threshold);
  if (json) {
    const { name, version, expiresMs, minEpoch } = root;
    const complete = missing === undefined && (root.version === 1 || previous !== null);
    const said = { output, name, version, digest, expires: timeText(expiresMs), minEpoch, complete };
    await printLine(JSON.stringify({ ...said, signatures: all }));
    return;
  }
  const changes = previous === null ? [] : keyChanges(previous, root);
  const rows = [...rootRows(root, digest), ...changes, ...standingRows(all)];
  await printLine([visible(output), ...columns(rows).map((line) => `  ${line}`)].join("\n"));
  if (missing !== undefined) {
    const before = previous === null ? "" : " --previous OLD";
    await tellNote(`signatures are missing: pol trust sign ${visible(output)}${before} --key NAME.pem`);
  } else if (previous === null && root.version > 1) {
    await tellNote(
      `whether version ${root.version - 1} lets it follow is not known here: --previous names it`,
    );
  }
}
