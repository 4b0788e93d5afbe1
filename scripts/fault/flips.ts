/**
 * One bit of one file of a log, for every byte of it, or for some that are drawn where a file is long and
 * another one like it has them all. The check of the folder has to name the file, readers must not give other
 * bytes out, and a writer must not sign a tree that is not there.
 */
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Random } from "../../test/support/random.ts";
import { type Case, NOTHING, type Outcome, type Section, type Settings } from "./case.ts";
import { filesBelow } from "./files-below.ts";
import { indexFinding, indexPath, indexProblems } from "./index-rebuild.ts";
import { checkAfter } from "./invariants.ts";
import { publicFindings, readEveryEntry, verifyFor } from "./log-api.ts";
import type { Place } from "./place.ts";
import { expectedEntry, nodeNumber, type Step } from "./plan.ts";
import { tilePath } from "./raw-log.ts";
import { rawSegments } from "./raw-wal.ts";
import { copyOf, makeTemplate, removePlace, type Template } from "./templates.ts";

/** A log, and which files of it are flipped. Each flip reads all of it: most are done to a small one. */
interface Subject {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly targets: (place: Place) => readonly Target[];
}

const CHECKPOINT: Step = { do: "checkpoint" };
const AGAIN: Step = { do: "append", nodes: 1, each: 2 };

const SUBJECTS: readonly Subject[] = [
  {
    name: "16-entries",
    steps: [{ do: "append", nodes: 2, each: 7 }, CHECKPOINT, AGAIN, CHECKPOINT],
    targets: smallTargets,
  },
  {
    name: "272-entries",
    steps: [{ do: "append", nodes: 3, each: 90 }, CHECKPOINT, AGAIN, CHECKPOINT, { do: "index" }],
    targets: largeTargets,
  },
];

/** Flips of one case, or about as many. */
const CHUNK = 128;
/** Of a case where little time is: about as many. */
const QUICK_FLIPS = 6;
/** Flips of a file of which not every byte is. */
const DRAWN = 2_048;

interface Target {
  readonly name: string;
  /** Relative to the log. */
  readonly file: string;
  readonly from: number;
  readonly to: number;
  /** One byte in so many is flipped; 1: each. */
  readonly every: number;
  /** Whether the check of the folder has to object to each flip. */
  readonly isChecked: boolean;
}

export const FLIPS: Section = {
  name: "flips",
  atOnce: 2,
  quickCases: 16,
  cases: async (settings) => {
    const cases: Case[] = [];
    for (const subject of SUBJECTS) {
      const { name, steps, targets } = subject;
      if (!isWanted(subject, settings)) continue;
      const template = await makeTemplate(settings.scratch, `flips-${name}`, { steps, killed: true });
      const place = template.copy("flips");
      for (const target of targets(place)) cases.push(...casesOf(template, subject, target, settings));
      removePlace(place);
    }
    return cases;
  },
};

function isWanted({ name }: Subject, { only }: Settings): boolean {
  return `flips/${name}/`.startsWith(only) || only.startsWith(`flips/${name}/`);
}

/** Every byte of a file, or, of `drawn` ones, about as many of it. */
function wholeOf({ dir }: Place, name: string, file: string, drawn = Number.POSITIVE_INFINITY): Target {
  const to = readFileSync(join(dir, file)).length;
  return { name, file, from: 0, to, every: Math.max(1, Math.round(to / drawn)), isChecked: true };
}

function smallTargets(place: Place): readonly Target[] {
  const targets = [
    wholeOf(place, "checkpoint", "public/checkpoint"),
    wholeOf(place, "partial tile", `public/${tilePath(0, 0, 16)}`),
    wholeOf(place, "partial bundle", `public/${tilePath("entries", 0, 16)}`),
  ];
  for (const kind of ["wal", "requests"] as const) {
    const segment = rawSegments(place.dir, kind).findLast(({ frames }) => frames.length > 0);
    if (segment === undefined) throw new Error(`the log has no record in ${kind}`);
    const { file, frames } = segment;
    // Whatever a checkpoint covers may be wrong in a segment of entries.
    const both = { file, every: 1, isChecked: kind === "requests" };
    targets.push({ ...both, name: `${kind} first line`, from: 0, to: frames[0]!.from });
    targets.push({ ...both, name: `${kind} record`, ...frames.at(-1)! });
  }
  return targets;
}

function largeTargets(place: Place): readonly Target[] {
  const targets = [
    wholeOf(place, "full tile", `public/${tilePath(0, 0)}`),
    wholeOf(place, "tile of tiles", `public/${tilePath(1, 0, 1)}`),
    wholeOf(place, "tile behind a full one", `public/${tilePath(0, 1, 16)}`),
    wholeOf(place, "full bundle", `public/${tilePath("entries", 0)}`, DRAWN),
    wholeOf(place, "bundle behind a full one", `public/${tilePath("entries", 1, 16)}`, DRAWN / 4),
  ];
  // What can be made anew is not evidence; opening must get along with it or name it.
  for (const name of readdirSync(place.dir).filter((each) =>
    /^(?:log|sequences|index\.sqlite|reserve)$/.test(each),
  )) {
    targets.push({ ...wholeOf(place, name, name, DRAWN), isChecked: name === "log" });
  }
  return targets;
}

function casesOf(template: Template, subject: Subject, target: Target, { quick }: Settings): readonly Case[] {
  const cases: Case[] = [];
  const length = CHUNK * target.every;
  for (let from = target.from; from < target.to; from += length) {
    const to = Math.min(from + length, target.to);
    cases.push({
      name: `flips/${subject.name}/${target.file}/${from}`,
      row: `flipped ${target.name}`,
      run: (random) => flipRange(template, { ...target, from, to }, random, quick),
    });
  }
  return cases;
}

async function flipRange(
  template: Template,
  target: Target,
  random: Random,
  quick: boolean,
): Promise<Outcome> {
  const place = template.copy("flip");
  try {
    const path = join(place.dir, target.file);
    const good = readFileSync(path);
    const refused = new Map<string, number>();
    const problems: string[] = [];
    let flips = 0;
    const every = quick ? Math.ceil((target.to - target.from) / QUICK_FLIPS) : target.every;
    for (let at = target.from; at < target.to; at += every === 1 ? 1 : 1 + random.below(2 * every - 1)) {
      const bytes = Buffer.from(good);
      bytes[at]! ^= 1 << random.below(8);
      writeFileSync(path, bytes);
      flips += 1;
      const verdict = await lookAt(place, target);
      if (verdict.code !== null) refused.set(verdict.code, (refused.get(verdict.code) ?? 0) + 1);
      problems.push(...verdict.problems.map((problem) => `byte ${at}: ${problem}`));
      if (problems.length > 5) break;
    }
    writeFileSync(path, good);
    const written = await writeOn(template, place, target, random);
    return {
      ...NOTHING,
      injected: flips + 1,
      fired: flips + 1,
      recovered: written.recovered,
      refused: sum(refused, written.code),
      problems: [...problems, ...written.problems],
    };
  } finally {
    removePlace(place);
  }
}

function sum(codes: Map<string, number>, code: string | null): ReadonlyMap<string, number> {
  return code === null ? codes : new Map(codes).set(code, (codes.get(code) ?? 0) + 1);
}

/** What the check of the folder and the readers of the public files say to a flip. */
async function lookAt(
  { dir }: Place,
  { file, isChecked }: Target,
): Promise<{ readonly code: string | null; readonly problems: readonly string[] }> {
  if (file === basename(indexPath({ dir }))) return indexLie(dir);
  const problems: string[] = [];
  const verified = await verifyFor(dir);
  if (verified.ok && isChecked) problems.push("the check of the folder finds nothing");
  if (TILE.test(file)) problems.push(...(await blameProblems(dir, file)));
  else if (!verified.ok && verified.error.file !== file) {
    problems.push(
      `the check blames ${verified.error.file}: ${verified.error.code}: ${verified.error.message}`,
    );
  }
  if (file.startsWith("public/")) problems.push(...(await readProblems(dir)));
  return { code: verified.ok ? null : verified.error.code, problems };
}

const TILE = /^public\/tile\//;

/** The check of all public files goes on after what it finds, so it can tell which of two files is wrong. */
async function blameProblems(dir: string, file: string): Promise<readonly string[]> {
  const findings = await publicFindings(join(dir, "public"));
  const others = findings.filter((finding) => `public/${finding.file}` !== file);
  if (findings.length === 0) return ["the check of the public files finds nothing"];
  return others.map(({ file: other, code, message }) => `${other} is blamed: ${code}: ${message}`);
}

/** A database has no checksums: what it says after a flip is right, or the whole check names what is not. */
async function indexLie(
  dir: string,
): Promise<{ readonly code: string | null; readonly problems: readonly string[] }> {
  const code = await indexFinding({ dir });
  if (code !== null) return { code, problems: [] };
  const problems = await indexProblems({ dir });
  // What SQLite itself refuses to read misleads nobody.
  const isRefused = problems.some((problem) => problem.includes("database disk image is malformed"));
  return isRefused ? { code: "(refused by SQLite)", problems: [] } : { code: null, problems };
}

/** Nothing else than what was written may come out. */
async function readProblems(dir: string): Promise<readonly string[]> {
  const entries = await readEveryEntry(join(dir, "public"));
  const wrong = (entries ?? []).findIndex((entry) => entry !== null && !isWritten(entry));
  return wrong === -1 ? [] : [`readers are given other bytes as entry ${wrong}`];
}

function isWritten(bytes: Uint8Array): boolean {
  const { node, seq } = JSON.parse(Buffer.from(bytes).toString());
  return Buffer.compare(bytes, expectedEntry(nodeNumber(node) ?? 0, seq).bytes) === 0;
}

/** One flip under a writer: it refuses, or goes on with a log that is right. */
async function writeOn(template: Template, place: Place, target: Target, random: Random) {
  const copy = { ...place, dir: `${place.dir}-written` };
  cpSync(place.dir, copy.dir, { recursive: true });
  const path = join(copy.dir, target.file);
  const bytes = readFileSync(path);
  bytes[target.from + random.below(target.to - target.from)]! ^= 1 << random.below(8);
  writeFileSync(path, bytes);
  const before = filesBelow(place.anchor).map((file) => readFileSync(file, "latin1"));
  const ledger = copyOf(template.ledger);
  const { refused, problems } = await checkAfter(copy, ledger, { mayRefuse: REFUSALS });
  const after = filesBelow(place.anchor).map((file) => readFileSync(file, "latin1"));
  const hasSigned = before.join() !== after.join();
  const wrong = refused === null && hasSigned ? await signedWrong(copy, target, problems) : problems;
  if (refused !== null && hasSigned)
    return { code: refused, recovered: 0, problems: ["it refused, and signed"] };
  return { code: refused, recovered: refused === null && wrong.length === 0 ? 1 : 0, problems: wrong };
}

/** A full tile, or the index, may be wrong under a tree that is right; then the check has to name it. */
async function signedWrong(
  { dir }: Place,
  { file }: Target,
  problems: readonly string[],
): Promise<readonly string[]> {
  if (file === basename(indexPath({ dir })) && problems.length > 0) return (await indexLie(dir)).problems;
  if (problems.length === 0 || !TILE.test(file) || file.includes(".p/")) return problems;
  return blameProblems(dir, file);
}

const REFUSALS: readonly string[] = [
  ...["log.malformed", "log.truncated", "log.other_root", "log.bad_signature", "log.other_key"],
  ...["log.missing", "log.entry_invalid", "log.opening_mismatch", "log.other_origin", "log.other_entry"],
  "log.other_tile",
];
