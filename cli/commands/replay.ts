import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { makeReplay, type ReplayFinding } from "@polity/lineage/replay.ts";
import { wasmPanels } from "@polity/lineage/replay-panel.ts";
import { type ChangedVerdict, openComparison } from "@polity/lineage/replay-with.ts";
import { LogError } from "@polity/lineage/store.ts";
import { openBuilder } from "../builder.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { readTrusted } from "../key-files.ts";
import { logRefusal, originOption } from "../log-folder.ts";
import { isModule, soundPolicy } from "../policy-source.ts";
import { startProgress, withProgress } from "../progress.ts";
import { nameOf, readBytes } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { openReplayReport, type ReplayReport } from "../render-replay.ts";
import { openArtefacts } from "../replay-artefacts.ts";
import { openReplayed, type ReplayedLog, type Signed } from "../replay-log.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { operands, switches, values, lists } = invocation;
  const [dir = ""] = operands;
  const json = switches.has("json");
  const signed = await signedOption(invocation);
  const other = await otherOption(invocation);
  if (other === null) return EXIT.no;
  const artefacts = await openArtefacts(dir, lists.get("artefacts") ?? [], lists.get("bundle") ?? []);
  let log: ReplayedLog | null = null;
  try {
    log = await withProgress(`opening ${nameOf(dir)}`, () => openReplayed(dir, signed));
    const report = openReplayReport(dir, log, json);
    if (other.wasm === null) return await replayAll(log, report, wasmPanels(artefacts, nodeCrypto.sha256));
    const comparison = await openComparison(
      { wasm: other.wasm, member: values.get("member") ?? null },
      artefacts,
      nodeCrypto.sha256,
    );
    if ("code" in comparison) {
      throw failure(`${nameOf(other.path)} is refused: ${comparison.code}: ${comparison.message}`);
    }
    return await compareAll(log, report, comparison, other.path);
  } catch (error) {
    if (error instanceof LogError) return answerNo(`log ${nameOf(dir)}`, logRefusal(dir, error), json);
    throw error;
  } finally {
    await log?.close();
  }
}

async function signedOption(invocation: Invocation): Promise<Signed | null> {
  const { command, values } = invocation;
  const origin = originOption(invocation);
  const key = values.get("key");
  if (key !== undefined) return { key: await readTrusted(key), origin };
  if (origin !== null) throw usage(command, "--origin needs --key: without one, no name is believed");
  return null;
}

interface Other {
  readonly path: string;
  /** Null where no other version is asked about. */
  readonly wasm: Uint8Array | null;
}

/** Null where it is a policy with errors, which are told. */
async function otherOption({ command, values, switches }: Invocation): Promise<Other | null> {
  const path = values.get("with");
  const needless = ["member", "root"].find((name) => values.has(name));
  if (path === undefined) {
    if (needless !== undefined)
      throw usage(command, `--${needless} is about another version: --with names it`);
    return { path: "", wasm: null };
  }
  const bytes = await readBytes(path);
  if (isModule(bytes)) return { path, wasm: bytes };
  const checked = await soundPolicy(path, values.get("root") ?? null, bytes);
  if (checked === null) return null;
  const builder = openBuilder({ cache: !switches.has("no-cache") });
  try {
    const task = async () => (await builder.build(checked)).wasm;
    return { path, wasm: await withProgress(`building ${nameOf(path)}`, task) };
  } finally {
    builder.close();
  }
}

/** Calls `each` for every entry, in order. */
async function through(
  log: ReplayedLog,
  each: (entry: Parameters<ReturnType<typeof makeReplay>["next"]>[0]) => Promise<void>,
): Promise<void> {
  const progress = startProgress(`replaying ${log.size} entries of ${log.origin}`);
  try {
    for await (const batch of log.entries()) {
      for (const entry of batch) await each(entry);
      progress.step(batch.length);
    }
  } finally {
    await progress.stop();
  }
}

async function replayAll(
  log: ReplayedLog,
  report: ReplayReport,
  open: ReturnType<typeof wasmPanels>,
): Promise<number> {
  const replay = makeReplay({ open, sha256: nodeCrypto.sha256 });
  const tell = async (finding: ReplayFinding | null) => void (finding && (await report.finding(finding)));
  await through(log, async (entry) => tell(await replay.next(entry)));
  for (const finding of replay.end()) await tell(finding);
  await report.replayed(replay.summary);
  return replay.summary.findings === 0 ? EXIT.done : EXIT.no;
}

async function compareAll(
  log: ReplayedLog,
  report: ReplayReport,
  comparison: Exclude<Awaited<ReturnType<typeof openComparison>>, { code: string }>,
  path: string,
): Promise<number> {
  const isFinding = (found: ChangedVerdict | ReplayFinding): found is ReplayFinding => "message" in found;
  await through(log, async (entry) => {
    const found = await comparison.next(entry);
    if (found === null) return;
    if (isFinding(found)) await report.finding(found);
    else await report.changed(found);
  });
  const { summary } = comparison;
  await report.compared(summary, path);
  return summary.findings === 0 && summary.changed === 0 && summary.compared > 0 ? EXIT.done : EXIT.no;
}
