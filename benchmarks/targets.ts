/** What is to be reached, and whether it is. Targets are for ours alone, of decisions for varied requests. */
import { BY_HAND, type Figure, type Measured, POLITY, POLITY_BY_TABLE, type Row } from "./section.ts";

interface Target {
  /** `*` stands for any text. */
  readonly row: string;
  readonly figure: Figure;
  readonly aims: readonly Aim[];
}

/** All of a section's rows are there when one is judged; null: what it is compared with was not measured. */
interface Aim {
  readonly text: string;
  readonly isMet: (row: Measured, all: readonly Measured[]) => boolean | null;
  /** The most that the row's figure may be, where that is a number; in a chart. */
  readonly most?: (row: Measured, all: readonly Measured[]) => number | null;
}

const [DECIDE, READY, LOAD, BUILD] = ["encode-and-decide", "decide", "load", "build"] as const;
const MICROSECOND = 1e3;
const MILLISECOND = 1e6;
const SECOND = 1e9;
const KIB = 1_024;

const TARGETS: readonly Target[] = [
  { row: "five-field", figure: DECIDE, aims: [ratioWithin(8), aheadOfAll()] },
  { row: "oopsla-*", figure: DECIDE, aims: [within(200), timesFasterThan("cedar-wasm", 1_000)] },
  ...ofRules(READY),
  ...ofRules(DECIDE),
  { row: "rules-*-100000", figure: BUILD, aims: [within(20 * SECOND)] },
  { row: "rules-*", figure: BUILD, aims: [within(5 * SECOND)] },
  { row: "rules-*", figure: "size", aims: [bytesEachWithin(100, "rule")] },
  { row: "facts-100000", figure: DECIDE, aims: [within(250)] },
  { row: "facts-1000000", figure: DECIDE, aims: [within(400)] },
  // Where there are few, what does not depend on their number counts most.
  { row: "facts-*00000", figure: LOAD, aims: [eachWithin(0.2 * MICROSECOND, "entity")] },
  { row: "facts-*00000", figure: BUILD, aims: [eachWithin(5 * MICROSECOND, "entity")] },
  { row: "facts-*00000", figure: "memory", aims: [bytesEachWithin(100, "entity")] },
  { row: "text-*-simd-*", figure: DECIDE, aims: [eachWithin(0.6, "byte")] },
  { row: "text-*", figure: DECIDE, aims: [eachWithin(2, "byte")] },
  { row: "load-five-field", figure: LOAD, aims: [within(5 * MILLISECOND)] },
  { row: "build-five-field", figure: BUILD, aims: [within(2 * SECOND)] },
  { row: "build-five-field-watch", figure: BUILD, aims: [within(700 * MILLISECOND)] },
  { row: "compile-10000-lines-again", figure: BUILD, aims: [within(400 * MILLISECOND)] },
  { row: "check-10000-lines", figure: BUILD, aims: [within(SECOND)] },
  { row: "check-10000-lines", figure: "memory", aims: [bytesWithin(500 * 1e6, "500 MB")] },
  { row: "module-five-field", figure: "size", aims: [bytesWithin(6 * KIB, "6 KiB")] },
  { row: "runtime-load-and-decide", figure: "size", aims: [bytesWithin(25 * KIB, "25 KiB")] },
  { row: "memory-growth-module", figure: "memory", aims: [bytesWithin(0, "no growth")] },
  // What is noticed from one collection to the next, engine included, is never quite the same.
  { row: "memory-growth-heap", figure: "memory", aims: [bytesWithin(64 * KIB, "64 KiB")] },
  { row: "memory-entities-*", figure: "memory", aims: [bytesEachWithin(100, "entity")] },
  { row: "govern-relaxed", figure: "ack", aims: [within(10 * MICROSECOND)] },
  { row: "mcp-stdio-*", figure: "ack", aims: [within(MILLISECOND)] },
  { row: "govern-strict", figure: "ack", aims: [within(MILLISECOND)] },
  { row: "http-decide-*", figure: "ack", aims: [ratioWithin(1.3)] },
  { row: "append-64x16", figure: "append", aims: [perSecond(40_000)] },
  { row: "append-outcome-64x16", figure: "append", aims: [perSecond(40_000)] },
  { row: "append-outcome-64x16-at-40000", figure: "ack", aims: [within(MILLISECOND)] },
  { row: "append-1", figure: "ack", aims: [within(MILLISECOND)] },
  { row: "append-8", figure: "ack", aims: [within(MILLISECOND)] },
  { row: "append-64x16-at-40000", figure: "ack", aims: [within(MILLISECOND)] },
  { row: "open-10000000", figure: "load", aims: [within(2 * SECOND)] },
  { row: "reopen-10000000", figure: "load", aims: [within(2 * SECOND)] },
];

/** With the frame ready, as these were set; with writing it, they are harder. */
function ofRules(figure: Figure): readonly Target[] {
  return [
    { row: "rules-*-100000", figure, aims: [within(500)] },
    { row: "rules-one-shape-*", figure, aims: [within(160), growthWithin("rules-one-shape-10", 2)] },
    { row: "rules-five-shapes-*", figure, aims: [within(400), growthWithin("rules-five-shapes-10", 2)] },
  ];
}

/** The same rows, with what is to be reached beside each. */
export function judge(rows: readonly Measured[]): readonly Row[] {
  return rows.map((row) => {
    const aims = aimsOf(row);
    if (aims.length === 0) return { ...row, target: null, met: null };
    const answers = aims.map((aim) => aim.isMet(row, rows));
    const met = answers.includes(false) ? false : answers.includes(null) ? null : true;
    return { ...row, target: aims.map(({ text }) => text).join(", "), met };
  });
}

/** The most that the row's time or bytes may be to meet its target; null where nothing says so. */
export function mostOf(row: Measured, rows: readonly Measured[]): number | null {
  const all = aimsOf(row).flatMap((aim) => aim.most?.(row, rows) ?? []);
  return all.length === 0 ? null : Math.min(...all);
}

/** The first target that fits counts. */
function aimsOf({ row, engine, mode, figure }: Measured): readonly Aim[] {
  const isDecision = figure === READY || figure === DECIDE;
  if (engine !== POLITY || (isDecision && mode === "repeated")) return [];
  return TARGETS.find((target) => target.figure === figure && fits(target.row, row))?.aims ?? [];
}

/** `*` in the pattern stands for any text. */
export function fits(pattern: string, name: string): boolean {
  const [before = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return name === pattern;
  if (!name.startsWith(before)) return false;
  let at = before.length;
  for (const part of rest.slice(0, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const last = rest.at(-1) ?? "";
  return name.length - last.length >= at && name.endsWith(last);
}

function within(ns: number): Aim {
  const isMet: Aim["isMet"] = ({ median_ns }) => median_ns !== null && median_ns <= ns;
  return { text: `≤ ${time(ns)}`, isMet, most: () => ns };
}

function perSecond(count: number): Aim {
  const { isMet, most } = within(SECOND / count);
  return { text: `≥ ${count.toLocaleString("en")} a second`, isMet, ...(most && { most }) };
}

function eachWithin(ns: number, unit: string): Aim {
  return {
    text: `≤ ${time(ns)} per ${unit}`,
    isMet: ({ median_ns, units }) => (median_ns === null || !units ? null : median_ns / units <= ns),
    most: ({ units }) => (units ? ns * units : null),
  };
}

function bytesWithin(bytes: number, text: string): Aim {
  const isMet: Aim["isMet"] = (row) => (row.bytes === undefined ? null : row.bytes <= bytes);
  return { text: bytes === 0 ? text : `≤ ${text}`, isMet, most: () => bytes || null };
}

function bytesEachWithin(bytes: number, unit: string): Aim {
  return {
    text: `≤ ${bytes} B per ${unit}`,
    isMet: (row) => (row.bytes === undefined || !row.units ? null : row.bytes / row.units <= bytes),
    most: ({ units }) => (units ? bytes * units : null),
  };
}

function ratioWithin(times: number): Aim {
  return {
    text: `≤ ${times} × by hand`,
    isMet: ({ ratio_to_hand }) => (ratio_to_hand === null ? null : ratio_to_hand <= times),
    most: ({ median_ns, ratio_to_hand }) =>
      median_ns === null || !ratio_to_hand ? null : (median_ns / ratio_to_hand) * times,
  };
}

/** By the ratio to the rule by hand, which another second of the machine has changed less than the time. */
function aheadOfAll(): Aim {
  return {
    text: "ahead of all others",
    isMet(row, all) {
      const others = all.filter((each) => isSameQuestion(each, row) && each.ratio_to_hand !== null);
      if (others.length === 0 || row.ratio_to_hand === null) return null;
      return others.every(({ ratio_to_hand }) => ratio_to_hand! > row.ratio_to_hand!);
    },
  };
}

function timesFasterThan(engine: string, times: number): Aim {
  return {
    text: `≥ ${times.toLocaleString("en")} × ${engine}`,
    isMet(row, all) {
      const other = all.find((each) => each.engine === engine && isSameQuestion(each, row));
      if (other === undefined || other.median_ns === null || row.median_ns === null) return null;
      return other.median_ns / row.median_ns >= times;
    },
  };
}

function growthWithin(from: string, times: number): Aim {
  return {
    text: `< ${times} × ${from.slice(from.lastIndexOf("-") + 1)} rules`,
    isMet(row, all) {
      const first = all.find(
        (each) => each.engine === POLITY && isSameFigure(each, row) && each.row === from,
      );
      if (first === undefined || first.median_ns === null || row.median_ns === null) return null;
      return row.median_ns < first.median_ns * times;
    },
  };
}

/** Of another engine than ours, and not by hand. */
function isSameQuestion(other: Measured, row: Measured): boolean {
  const isOther = ![row.engine, BY_HAND, POLITY_BY_TABLE].includes(other.engine);
  return isOther && other.row === row.row && isSameFigure(other, row);
}

function isSameFigure(other: Measured, row: Measured): boolean {
  return other.mode === row.mode && other.figure === row.figure;
}

/** With the unit that leaves few digits. */
export function time(ns: number): string {
  if (ns >= SECOND) return `${digits(ns / SECOND)} s`;
  if (ns >= MILLISECOND) return `${digits(ns / MILLISECOND)} ms`;
  // Decisions are compared by nanoseconds, even where they take thousands of them.
  return ns >= 10 * MICROSECOND ? `${digits(ns / MICROSECOND)} µs` : `${digits(ns)} ns`;
}

export function digits(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString("en");
  if (value >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2).replace(/\.?0+$/, "");
}
