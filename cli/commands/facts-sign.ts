import { existsSync } from "node:fs";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { contentsOf } from "@polity/runtime/bundle-facts.ts";
import { decodeEnvelope, type Envelope, encodeEnvelope, signEnvelope } from "@polity/runtime/dsse.ts";
import { readFacts } from "@polity/runtime/facts.ts";
import {
  decodeFactsStatement,
  encodeFactsStatement,
  type FactsStatement,
} from "@polity/runtime/facts-statement.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { STATEMENT_TYPE } from "@polity/runtime/statement.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { readSigner } from "../key-files.ts";
import { labelOption } from "../label-option.ts";
import { outputOption, withEnding } from "../output-option.ts";
import { nameOf, readBytes } from "../read-file.ts";
import { columns } from "../table.ts";
import { tellNote } from "../tell.ts";
import { termOption } from "../term-option.ts";
import { printLine } from "../terminal.ts";
import { timeText } from "../time-option.ts";
import { versionOption } from "../version-option.ts";
import { visible } from "../words.ts";
import { writeWhole } from "../write-file.ts";

/** What a statement says is decided by whoever signs first; the others sign the same. */
const FIRST = ["set", "audience", "version", "from", "until"];

export async function run(invocation: Invocation): Promise<number> {
  const { operands, values, switches } = invocation;
  const [path = ""] = operands;
  const key = values.get("key") ?? "";
  const output = outputOption(invocation, withEnding(path, ".json", ".dsse.json"), [path, key]);
  const signer = await readSigner(key);
  const facts = await readBytes(path);
  const read = readFacts(facts, nodeCrypto.sha256);
  if (!read.ok)
    throw failure(`${nameOf(path)} is refused: ${read.refusal.code}: ${read.refusal.message}`, null, EXIT.no);
  const digest = digestName(read.digest);
  const before = existsSync(output) ? await envelopeAt(output, digest) : null;
  const statement = before?.statement ?? statementOf(invocation, digest);
  const needless = before === null ? undefined : FIRST.find((name) => values.has(name));
  if (needless !== undefined) {
    throw usage(
      invocation.command,
      `--${needless} was said by whoever signed first; ${nameOf(output)} is there`,
    );
  }
  const payload = before?.envelope.payload ?? encodeFactsStatement(statement);
  const { id } = signer.publicKey;
  const others = before?.envelope.signatures ?? [];
  const isSigned = others.some(({ keyid }) => keyid === id);
  if (!isSigned) {
    const added = await signEnvelope(STATEMENT_TYPE, payload, [signer]);
    writeWhole(output, encodeEnvelope({ ...added, signatures: [...others, ...added.signatures] }));
  } else if (!switches.has("json")) await tellNote("this key has signed before: nothing is different");
  const keyIds = [...new Set([...others.map(({ keyid }) => keyid), id])].sort();
  const { entities, tables, settings } = contentsOf(read.json);
  const { set, version, audience, validFromMs, validUntilMs } = statement;
  const valid = { validFrom: timeText(validFromMs), validUntil: timeText(validUntilMs) };
  if (switches.has("json")) {
    const said = { output, set, version: String(version), digest, audience, ...valid };
    await printLine(JSON.stringify({ ...said, entities, tables, settings, keyIds }));
    return EXIT.done;
  }
  const rows = [
    ["set", visible(set)],
    ["version", String(version)],
    ["digest", digest],
    ["audience", audience === null ? "any" : visible(audience)],
    ["valid", `${valid.validFrom} until ${valid.validUntil}`],
    ["entities", shown(entities)],
    ["tables", shown(tables)],
    ["settings", shown(settings)],
    ["signatures", keyIds.join(", ")],
  ];
  await printLine([visible(output), ...columns(rows).map((line) => `  ${line}`)].join("\n"));
  return EXIT.done;
}

function shown(names: readonly string[]): string {
  return names.length === 0 ? "none" : visible(names.join(", "));
}

function statementOf(invocation: Invocation, digest: string): FactsStatement {
  const set = labelOption(invocation, "set");
  if (set === null) throw usage(invocation.command, "--set is missing: the first signer says for which set");
  return {
    set,
    version: versionOption(invocation, "version") ?? 1n,
    digest,
    audience: labelOption(invocation, "audience"),
    ...termOption(invocation),
  };
}

interface Signed {
  readonly envelope: Envelope;
  readonly statement: FactsStatement;
}

async function envelopeAt(path: string, digest: string): Promise<Signed> {
  const decoded = decodeEnvelope(await readBytes(path));
  const read = decoded.ok ? decodeFactsStatement(decoded.envelope.payload) : decoded;
  if (!decoded.ok || !read.ok || !("statement" in read)) {
    throw failure(`${nameOf(path)} is there and is no envelope of facts`, "name another file with -o");
  }
  if (read.statement.digest !== digest) {
    throw failure(`${nameOf(path)} is about other facts`, "remove it, or name another file with -o");
  }
  return { envelope: decoded.envelope, statement: read.statement };
}
