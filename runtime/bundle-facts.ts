/** Whether those who may supply facts vouch for a snapshot: for each type, table and setting of it. */
import type { BundleFiles } from "./archive.ts";
import type { Wanted } from "./bundle-manifest.ts";
import { FACTS_ENVELOPE_PATH, FACTS_PATH } from "./bundle-paths.ts";
import { type BundleProblem, problem } from "./bundle-refusal.ts";
import type { CryptoPort } from "./crypto-port.ts";
import { decodeEnvelope } from "./dsse.ts";
import { readFacts } from "./facts.ts";
import { decodeFactsStatement, type FactsStatement } from "./facts-statement.ts";
import { digestName } from "./hash.ts";
import type { SetManifest } from "./set-manifest.ts";
import { timeText } from "./signed-document.ts";
import { signersOf } from "./signers.ts";
import { STATEMENT_TYPE } from "./statement.ts";
import { keysOf, type Role, type TrustRoot } from "./trust-root.ts";

export interface SignedFacts {
  readonly bytes: Uint8Array;
  readonly statement: FactsStatement;
  /** Ids of the keys that signed, ascending. */
  readonly signers: readonly string[];
}

/** Never throws. */
export function openFacts(
  bytes: Uint8Array,
  contents: BundleFiles,
  manifest: SetManifest,
  root: TrustRoot,
  wanted: Wanted,
  crypto: CryptoPort,
): SignedFacts | BundleProblem {
  const opened = openEnvelope(contents.get(FACTS_ENVELOPE_PATH), root, crypto);
  if ("code" in opened) return opened;
  const { statement, signers } = opened;
  const wrong = statementProblem(statement, digestName(crypto.sha256(bytes)), manifest, wanted);
  if (wrong !== null) return wrong;
  const read = readFacts(bytes, crypto.sha256);
  if (!read.ok) return problem("bundle.facts_malformed", read.refusal.message, FACTS_PATH);
  const uncovered = firstUncovered(read.json, root, new Set(signers));
  if (uncovered !== null) {
    const message = `too few of those who may supply ${uncovered} have signed the facts`;
    return problem("bundle.facts_not_granted", message, FACTS_PATH);
  }
  return { bytes, statement, signers };
}

function openEnvelope(
  text: Uint8Array | undefined,
  root: TrustRoot,
  crypto: CryptoPort,
): Pick<SignedFacts, "statement" | "signers"> | BundleProblem {
  const refuse = (code: BundleProblem["code"], message: string) =>
    problem(code, message, FACTS_ENVELOPE_PATH);
  const decoded = text === undefined ? null : decodeEnvelope(text);
  if (decoded === null) return refuse("bundle.facts_unsigned", "the facts have no signature of their own");
  if (!decoded.ok) return refuse("bundle.facts_unsigned", `no envelope of facts: ${decoded.message}`);
  const { envelope } = decoded;
  if (envelope.payloadType !== STATEMENT_TYPE) {
    return refuse(
      "bundle.facts_statement",
      `a payload of type ${envelope.payloadType}, not ${STATEMENT_TYPE}`,
    );
  }
  const roles: readonly Role[] = [...root.facts.values(), ...root.settings.values()];
  const keys = keysOf(root, [...new Set(roles.flatMap((role) => role.keys))]);
  const found = signersOf(envelope, keys, crypto);
  if (!found.ok) return refuse("bundle.facts_unsigned", found.message);
  if (found.signers.length === 0) {
    return refuse("bundle.facts_unsigned", "nobody has signed the facts who may supply any");
  }
  const read = decodeFactsStatement(envelope.payload);
  if (!read.ok)
    return refuse("bundle.facts_statement", `what was signed is not about facts: ${read.message}`);
  return { statement: read.statement, signers: found.signers };
}

function statementProblem(
  { set, digest, audience, validFromMs, validUntilMs }: FactsStatement,
  actual: string,
  manifest: SetManifest,
  { nowMs }: Wanted,
): BundleProblem | null {
  const refuse = (code: BundleProblem["code"], message: string) =>
    problem(code, message, FACTS_ENVELOPE_PATH);
  if (digest !== actual) {
    return refuse("bundle.facts_statement", `the facts are ${actual}, but ${digest} was signed`);
  }
  if (set !== manifest.name) {
    return refuse("bundle.facts_statement", `signed for the set ${set}, but this is ${manifest.name}`);
  }
  if (audience !== null && audience !== manifest.audience) {
    const here = manifest.audience ?? "no audience";
    return refuse("bundle.facts_statement", `signed for ${audience}, but the set is for ${here}`);
  }
  if (nowMs < validFromMs) return refuse("bundle.facts_not_yet_valid", `valid from ${timeText(validFromMs)}`);
  if (nowMs < validUntilMs) return null;
  return refuse("bundle.facts_expired", `valid until ${timeText(validUntilMs)}: sign fresh ones`);
}

/** The first type, table or setting in the snapshot for which no role has its threshold among the signers. */
function firstUncovered(json: unknown, root: TrustRoot, signers: ReadonlySet<string>): string | null {
  const isMet = ({ keys, threshold }: Role) => keys.filter((id) => signers.has(id)).length >= threshold;
  const facts = [...root.facts.values()].filter(isMet);
  const entities = new Set(facts.flatMap((role) => role.entities));
  const tables = new Set(facts.flatMap((role) => role.tables));
  const settings = new Set([...root.settings.values()].filter(isMet).flatMap((role) => role.settings));
  const said = contentsOf(json);
  const type = said.entities.find((name) => !entities.has(name));
  if (type !== undefined) return `entities of type ${type}`;
  const table = said.tables.find((name) => !tables.has(name));
  if (table !== undefined) return `rows of the table ${table}`;
  const setting = said.settings.find((name) => !settings.has(name));
  return setting === undefined ? null : `the setting ${setting}`;
}

/** Names that a snapshot is about, ascending. What has not its form is for the members to refuse. */
export function contentsOf(json: unknown): {
  readonly entities: readonly string[];
  readonly tables: readonly string[];
  readonly settings: readonly string[];
} {
  const { entities, tables, settings } = objectOf(json);
  const types = new Set((Array.isArray(entities) ? entities : []).map((one) => shown(objectOf(one).type)));
  return {
    entities: [...types].sort(),
    tables: Object.keys(objectOf(tables)).sort(),
    settings: Object.keys(objectOf(settings)).sort(),
  };
}

/** Where it is no name of a type, something that nobody may supply. */
function shown(type: unknown): string {
  return typeof type === "string" ? type : "?";
}

function objectOf(json: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
  return isObject ? (json as Readonly<Record<string, unknown>>) : {};
}
