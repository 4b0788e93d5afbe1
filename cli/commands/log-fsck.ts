import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Finding } from "@polity/lineage/finding.ts";
import { type FsckSource, fsckTiles } from "@polity/lineage/fsck.ts";
import { type CrossCheck, openCrossCheck } from "@polity/lineage/index-store/cross-check.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { folderWithNames } from "@polity/lineage/node/folder-source.ts";
import { type OpenTilesOptions, readHead } from "@polity/lineage/open-tiles.ts";
import type { ReadEntry } from "@polity/lineage/read-entries.ts";
import { LogError } from "@polity/lineage/store.ts";
import { EXIT, failure } from "../failure.ts";
import { walkOpenings } from "../fsck-openings.ts";
import type { Invocation } from "../invocation.ts";
import { logRefusal } from "../log-folder.ts";
import { startProgress } from "../progress.ts";
import { isWritersOwn, type Place, placeOf, trustOption } from "../published-log.ts";
import { nameOf } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { columns } from "../table.ts";
import { tellFailure, tellNote } from "../tell.ts";
import { paintFor, printLine, write } from "../terminal.ts";
import { isRefused } from "../trusted-keys.ts";
import { plural, visible } from "../words.ts";

/** Findings that are told one by one. */
const TOLD_MAX = 100;

interface Outcome {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  readonly files: number;
  /** Those that open what their entries commit to; null where there are none to look at. */
  readonly openings: number | null;
  readonly findings: readonly Finding[];
  /** Findings beyond those that are told. */
  readonly more: number;
  /** What is nobody's fault, but worth knowing. */
  readonly notes: readonly string[];
}

export async function run(invocation: Invocation): Promise<number> {
  const json = invocation.switches.has("json");
  const [written = ""] = invocation.operands;
  const options = await trustOption(invocation);
  if (isRefused(options)) return answerNo(nameOf(options.file), options, json);
  try {
    const place = await placeOf(invocation, written);
    const outcome = await checkAll(place, options);
    return await tell(place.name, outcome, json);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    return answerNo(`log ${nameOf(written)}`, logRefusal(written, error), json);
  }
}

async function checkAll(place: Place, options: OpenTilesOptions): Promise<Outcome> {
  const source: FsckSource = place.dir === null ? place.source : folderWithNames(place.source.name);
  const { checkpoint, isVerified } = await readHead(source, options);
  const findings: Finding[] = [];
  let more = 0;
  const onFinding = (finding: Finding) => {
    if (findings.length < TOLD_MAX) findings.push(finding);
    else more += 1;
  };
  const work = mkdtempSync(join(tmpdir(), "pol-fsck-"));
  const progress = startProgress(`checking ${nameOf(place.name)}`);
  let cross: CrossCheck | null = null;
  try {
    cross = await openCrossCheck(join(work, "check.sqlite"));
    const { add } = cross;
    const own = place.dir !== null && isWritersOwn(place.dir) ? place.dir : null;
    const openings = own === null ? null : await walkOpenings(own, checkpoint.origin, onFinding);
    let read = 0;
    const onEntry = async (entry: ReadEntry) => {
      add(entry);
      read += 1;
      await openings?.add(entry);
      progress.step();
    };
    const done = await fsckTiles(source, checkpoint, { sha256: nodeCrypto.sha256, onFinding, onEntry });
    for (const finding of cross.duplicates()) onFinding(finding);
    const notes = read === checkpoint.size ? danglingNotes(cross) : [PARENTS_UNREAD];
    if (!isVerified) notes.unshift("no --key, so the signature of the checkpoint was not checked");
    notes.push(...((await openings?.end()) ?? []));
    notes.push(...(await compareIndex(place, checkpoint, cross, onFinding)));
    const { origin, size } = checkpoint;
    return { origin, size, ...done, openings: openings?.found() ?? null, findings, more, notes };
  } finally {
    await progress.stop();
    cross?.close();
    rmSync(work, { recursive: true, force: true });
  }
}

/** Parents may be among the entries that could not be read. */
const PARENTS_UNREAD = "parents were not looked up: not every entry could be read";

function danglingNotes(cross: CrossCheck): string[] {
  return cross.dangling().map(({ index, message }) => `entry ${index}: ${message}`);
}

async function compareIndex(
  { dir }: Place,
  { origin, size }: { readonly origin: string; readonly size: number },
  cross: CrossCheck,
  onFinding: (finding: Finding) => void,
): Promise<string[]> {
  const path = dir === null ? null : join(dir, "index.sqlite");
  if (path === null || !existsSync(path)) return [];
  const compared = await cross.compareIndex(path, origin, size);
  for (const finding of compared.findings) onFinding({ ...finding, file: "index.sqlite" });
  if (compared.size === null) return ["index.sqlite is no index of this log; the next search makes it anew"];
  const lag = size - compared.size;
  if (lag === 0) return [];
  return lag > 0
    ? [`index.sqlite is ${plural(lag, "entry", "entries")} behind; the next search takes them in`]
    : ["index.sqlite has more entries than the log; the next search makes it anew"];
}

async function tell(name: string, outcome: Outcome, json: boolean): Promise<number> {
  const { origin, size, root, files, openings, findings, more, notes } = outcome;
  const isGood = findings.length === 0;
  if (json) {
    await printLine(
      JSON.stringify({ ok: isGood, origin, size, root, files, openings, findings, more, notes }),
    );
    return isGood ? EXIT.done : EXIT.no;
  }
  for (const { code, message, file, offset, index } of findings) {
    const place = [
      ...(file === null ? [] : [file]),
      ...(offset === null ? [] : [`byte ${offset}`]),
      ...(index === null ? [] : [`entry ${index}`]),
    ].join(", ");
    await tellFailure({ message: visible(`${place}: ${code}: ${message}`), hint: null });
  }
  for (const note of notes) await tellNote(visible(note));
  if (!isGood) {
    const told = more === 0 ? "" : `, ${more} of them not told`;
    const what = plural(findings.length + more, "thing is", "things are");
    throw failure(`log ${nameOf(name)}: ${what} wrong${told}`, "restore the files from a copy", EXIT.no);
  }
  const rows = columns([
    ["log", origin],
    ["entries", String(size)],
    ["files", String(files)],
    ...(openings === null ? [] : [["openings", `${openings}, each of what its entry commits to`]]),
    ["root", `${root}, derived from the entries`],
  ]);
  const good = paintFor("out")("good", "good");
  await write(`${visible(name)}: ${good}\n${rows.map((line) => `  ${line}\n`).join("")}`);
  return EXIT.done;
}
