import type { Checked } from "@polity/compiler/checked.ts";
import type { Artefacts } from "@polity/lineage/artefacts.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { makeReplay, type ReplayFinding } from "@polity/lineage/replay.ts";
import { type OpenPanel, wasmPanels } from "@polity/lineage/replay-panel.ts";
import { type ChangedVerdict, openComparison } from "@polity/lineage/replay-with.ts";
import { LogError } from "@polity/lineage/store.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { type Builder, openBuilder } from "../builder.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { logRefusal } from "../log-folder.ts";
import { isModule, soundPolicy } from "../policy-source.ts";
import { startProgress, withProgress } from "../progress.ts";
import { trustOption } from "../published-log.ts";
import { nameOf, readBytes } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { openReplayReport, type ReplayReport } from "../render-replay.ts";
import { openArtefacts } from "../replay-artefacts.ts";
import { openReplayed, type ReplayedLog } from "../replay-log.ts";
import { isRefused } from "../trusted-keys.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { operands, switches, values, lists } = invocation;
  const [dir = ""] = operands;
  const json = switches.has("json");
  const options = await trustOption(invocation);
  if (isRefused(options)) return answerNo(nameOf(options.file), options, json);
  if (values.has("origin") && options.keys === null && options.policy == null) {
    throw usage(invocation.command, "--origin needs --key or --trust: without one, no name is believed");
  }
  const given = await givenOf(invocation);
  if (given === null) return EXIT.no;
  const { other, programs } = given;
  const artefacts = await openArtefacts(dir, lists.get("artefacts") ?? [], lists.get("bundle") ?? []);
  try {
    const log = await withProgress(`opening ${nameOf(dir)}`, () => openReplayed(dir, options));
    const report = openReplayReport(dir, log, json);
    if (other === null) return await replayAll(log, report, await panelsOf(programs, artefacts));
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
  }
}

/** The reference is loaded where it is asked for. */
async function panelsOf(programs: Given["programs"], artefacts: Artefacts): Promise<OpenPanel> {
  if (programs === null) return wasmPanels(artefacts, nodeCrypto.sha256);
  const { referencePanels } = await import("../reference-panel.ts");
  return referencePanels(programs, artefacts);
}

interface Other {
  readonly path: string;
  readonly wasm: Uint8Array;
}

/** What decides, beside what the log has: another version, or sources. */
interface Given {
  /** Null where no other version is asked about. */
  readonly other: Other | null;
  /** By the digest of what each compiles to; null where evaluators decide. */
  readonly programs: ReadonlyMap<string, Checked> | null;
}

/** Null where a policy has errors, which are told. */
async function givenOf(invocation: Invocation): Promise<Given | null> {
  const { command, values, lists, switches } = invocation;
  const path = values.get("with") ?? null;
  const sources = lists.get("source") ?? [];
  const isReference = values.get("engine") === "reference";
  if (path === null && values.has("member")) {
    throw usage(command, "--member is about another version: --with names it");
  }
  if (path === null && sources.length === 0 && values.has("root")) {
    throw usage(command, "--root is about policies: --with or --source names them");
  }
  if (isReference !== sources.length > 0) {
    throw usage(command, "--engine reference and --source go together: it needs the sources of evaluators");
  }
  if (isReference && path !== null) throw usage(command, "--with and --engine reference exclude each other");
  const builder = openBuilder({ cache: !switches.has("no-cache") });
  try {
    if (path !== null) {
      const other = await moduleAt(path, values.get("root") ?? null, builder);
      return other && { other, programs: null };
    }
    const programs = new Map<string, Checked>();
    for (const source of sources) {
      const built = await moduleAt(source, values.get("root") ?? null, builder);
      if (built === null) return null;
      if (built.checked === null) throw usage(command, `--source is a policy, and ${nameOf(source)} is none`);
      programs.set(digestName(nodeCrypto.sha256(built.wasm)), built.checked);
    }
    return { other: null, programs: isReference ? programs : null };
  } finally {
    builder.close();
  }
}

/** Null where it is a policy with errors, which are told. */
async function moduleAt(
  path: string,
  root: string | null,
  builder: Builder,
): Promise<(Other & { readonly checked: Checked | null }) | null> {
  const bytes = await readBytes(path);
  if (isModule(bytes)) return { path, wasm: bytes, checked: null };
  const checked = await soundPolicy(path, root, bytes);
  if (checked === null) return null;
  const task = async () => (await builder.build(checked)).wasm;
  return { path, wasm: await withProgress(`building ${nameOf(path)}`, task), checked };
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

async function replayAll(log: ReplayedLog, report: ReplayReport, open: OpenPanel): Promise<number> {
  const replay = makeReplay({ open, sha256: nodeCrypto.sha256 });
  const tell = async (finding: ReplayFinding | null) => void (finding && (await report.finding(finding)));
  await through(log, async (entry) => tell(await replay.next(entry)));
  for (const finding of replay.end()) await tell(finding);
  await report.replayed(replay.summary, replay.sets());
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
