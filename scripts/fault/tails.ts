/** The end of the write-ahead log as crashes and bad disks leave it: cut, zeroed, or with other bytes. */
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../test/support/random.ts";
import { type Case, NOTHING, type Outcome, type Section } from "./case.ts";
import { checkAfter } from "./invariants.ts";
import type { Ledger } from "./ledger.ts";
import { type RawFrame, type RawSegment, rawSegments } from "./raw-wal.ts";
import { copyOf, makeTemplate, removePlace, type Template } from "./templates.ts";

/** Each entry is a batch of its own, so every one was durable when the next was written. */
const ONE_BY_ONE = Array.from({ length: 6 }, () => ({ do: "append", nodes: 1, each: 1 }) as const);
const BEGUN = [{ do: "append", nodes: 3, each: 10 }, { do: "checkpoint" }] as const;
const FRAMES = 3;

/** What is done from a byte on. */
type Harm = (
  segment: RawSegment,
  at: number,
  random: Random,
) => { readonly bytes: Buffer; readonly length?: number };

const HARMS: ReadonlyMap<string, Harm> = new Map([
  ["cut", ({ bytes }, at) => ({ bytes, length: at })],
  ["zeros", ({ bytes }, at) => ({ bytes: filled(bytes, at, bytes.length, () => 0) })],
  ["garbage", (segment, at, random) => garbage(segment, at, endOf(segment), random)],
  // What a segment of another generation had there: records that are right, but not of this file.
  ["old-records", (segment, at) => ({ bytes: oldRecords(segment, at) })],
  // Later records are right: no crash leaves that.
  ["hole", ({ bytes, frames }, at) => ({ bytes: filled(bytes, at, frameAt(frames, at).to, () => 0) })],
  ["spot", (segment, at, random) => garbage(segment, at, frameAt(segment.frames, at).to, random)],
]);

/** An entry that was acknowledged, and then destroyed, may be lost only where nothing behind it shows it. */
const HOLES: ReadonlySet<string> = new Set(["hole", "spot"]);

export const TAILS: Section = {
  name: "tails",
  atOnce: 2,
  quickCases: 22,
  cases: async ({ scratch }) => {
    const open = await makeTemplate(scratch, "tail", { steps: [...BEGUN, ...ONE_BY_ONE], killed: true });
    const covered = await makeTemplate(scratch, "covered-tail", {
      steps: [...BEGUN, ...ONE_BY_ONE, { do: "checkpoint" }],
      killed: true,
    });
    return [...casesOf("open", open), ...casesOf("covered", covered)];
  },
};

function casesOf(kind: "open" | "covered", template: Template): readonly Case[] {
  const place = template.copy(`tails-${kind}`);
  const segment = lastSegment(place.dir);
  removePlace(place);
  if (segment === null) throw new Error("there is no write-ahead log to cut");
  const cases: Case[] = [];
  for (const [name, harm] of HARMS) {
    for (let at = segment.frames.at(-FRAMES)!.from; at < segment.frames.at(-1)!.to; at += 1) {
      cases.push({
        name: `tails/${kind}/${name}/${at}`,
        row: `last 3 records ${kind === "open" ? "" : "under a checkpoint "}${name}`,
        run: (random) => harmOne(template, { kind, name, harm, at }, random),
      });
    }
  }
  return cases;
}

function lastSegment(dir: string): RawSegment | null {
  return rawSegments(dir, "wal").findLast(({ frames }) => frames.length >= FRAMES) ?? null;
}

interface Harming {
  readonly kind: "open" | "covered";
  readonly name: string;
  readonly harm: Harm;
  readonly at: number;
}

async function harmOne(
  template: Template,
  { kind, name, harm, at }: Harming,
  random: Random,
): Promise<Outcome> {
  const place = template.copy(`tail-${kind}-${name}-${at}`);
  try {
    const segment = lastSegment(place.dir)!;
    const path = join(place.dir, segment.file);
    const { bytes, length } = harm(segment, at, random);
    writeFileSync(path, bytes);
    if (length !== undefined) truncateSync(path, length);
    const ledger = copyOf(template.ledger);
    const index = frameAt(segment.frames, at).index;
    const isLast = index === segment.frames.at(-1)!.index;
    if (kind === "open" && (!HOLES.has(name) || isLast)) forget(ledger, index);
    const { refused, problems } = await checkAfter(place, ledger, { mayRefuse: REFUSALS });
    const mustRefuse = kind === "open" && HOLES.has(name) && !isLast;
    const wrong = [...problems];
    if (mustRefuse && refused === null) wrong.push("I1: records behind the damage are right, and it went on");
    return {
      ...NOTHING,
      injected: 1,
      fired: 1,
      recovered: refused === null && wrong.length === 0 ? 1 : 0,
      refused: new Map(refused === null ? [] : [[refused, 1]]),
      problems: wrong,
    };
  } finally {
    removePlace(place);
  }
}

const REFUSALS: readonly string[] = ["log.malformed", "log.truncated"];

/** Whoever destroys the end of the log takes the promises about it along. */
function forget({ acknowledged }: Ledger, from: number): void {
  for (const index of [...acknowledged.keys()]) if (index >= from) acknowledged.delete(index);
}

function frameAt(frames: readonly RawFrame[], at: number): RawFrame {
  return frames.find(({ to }) => at < to)!;
}

function endOf({ frames }: RawSegment): number {
  return frames.at(-1)!.to;
}

function filled(bytes: Buffer, from: number, to: number, byte: (at: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = from; at < to; at += 1) copy[at] = byte(at);
  return copy;
}

/** Other bytes than were there: what happens to be the same is no fault. */
function garbage(
  { bytes }: RawSegment,
  from: number,
  to: number,
  random: Random,
): { readonly bytes: Buffer } {
  const noise = random.bytes(to - from);
  if (noise[0] === bytes[from]) noise[0] = (noise[0]! + 1) & 255;
  return { bytes: filled(bytes, from, to, (at) => noise[at - from]!) };
}

/** The first records of the segment, with another generation, in the place of its last ones. */
function oldRecords({ bytes, frames }: RawSegment, at: number): Buffer {
  const copy = filled(bytes, at, frames.at(-1)!.to, () => 0);
  let to = at;
  for (const { from, to: end } of frames) {
    if (to + end - from > copy.length) break;
    bytes.copy(copy, to, from, end);
    for (let place = 16; place < 22; place += 1) copy[to + place]! ^= 0x5a;
    to += end - from;
  }
  return copy;
}
