/** The benchmark as a command: its options, and the form of what it leaves for machines. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SECTION_NAMES } from "../benchmarks/sections.ts";

const ROOT = join(import.meta.dirname, "..");
const RESULTS = join(ROOT, "benchmarks/results");
const MODES = ["varied", "repeated", "once"];
const FIGURES = [
  ...["decide", "encode-and-decide", "load", "build", "size", "memory"],
  ...["append", "ack", "prove", "check"],
];
const KEYS = ["row", "engine", "mode", "figure", "median_ns", "p99_ns", "ratio_to_hand", "target", "met"];
/** Only where a figure needs them. */
const OTHER_KEYS = ["bytes", "units", "note", "isWrong"];

function bench(...args: readonly string[]) {
  return spawnSync(process.execPath, [join(ROOT, "benchmarks/main.ts"), ...args], { encoding: "utf8" });
}

/** The first thing in a results file that is not as docs/performance.md says; null where nothing is. */
function problemOf(report: Record<string, unknown>): string | null {
  if (typeof report.machine !== "string" || report.machine === "") return "machine";
  if (!Array.isArray(report.rows) || report.rows.length === 0) return "rows";
  for (const row of report.rows as Record<string, unknown>[]) {
    const at = `${row.row}, ${row.engine}: `;
    for (const key of KEYS) if (!(key in row)) return `${at}${key} is missing`;
    for (const key of Object.keys(row)) if (![...KEYS, ...OTHER_KEYS].includes(key)) return `${at}${key}`;
    if (typeof row.row !== "string" || typeof row.engine !== "string") return `${at}names`;
    if (!MODES.includes(String(row.mode)) || !FIGURES.includes(String(row.figure)))
      return `${at}mode or figure`;
    for (const key of ["median_ns", "p99_ns", "ratio_to_hand"]) {
      if (row[key] !== null && !(typeof row[key] === "number" && row[key] > 0)) return `${at}${key}`;
    }
    if (row.median_ns === null && typeof row.bytes !== "number") return `${at}neither time nor bytes`;
    if (row.target !== null && typeof row.target !== "string") return `${at}target`;
    if (row.met !== null && (typeof row.met !== "boolean" || row.target === null)) return `${at}met`;
  }
  return null;
}

describe("npm run bench", () => {
  test("a section alone: results of the form that machines read, and a chart", () => {
    const { status, stdout, stderr } = bench("--section", "size", "--quick", "--json");
    expect(stderr).toContain("size: module-five-field, polity (1 of 5)");
    expect(status).toBe(0);
    const reports = JSON.parse(stdout) as Record<string, unknown>[];
    expect(reports.map(({ section }) => section)).toEqual(["size"]);
    expect(reports.map(problemOf)).toEqual([null]);
    const file = readFileSync(join(RESULTS, "partial/size.json"), "utf8");
    expect(JSON.parse(file)).toEqual(reports[0]);
    expect(readFileSync(join(RESULTS, "partial/size.svg"), "utf8")).toContain("module-five-field");
  }, 120_000);

  test("the results of the last whole run have that form, too", () => {
    const files = existsSync(RESULTS) ? readdirSync(RESULTS).filter((name) => name.endsWith(".json")) : [];
    expect(files.length).toBeGreaterThan(0);
    for (const name of files) {
      const report = JSON.parse(readFileSync(join(RESULTS, name), "utf8")) as Record<string, unknown>;
      expect(SECTION_NAMES).toContain(report.section);
      expect([name, problemOf(report)]).toEqual([name, null]);
    }
  });

  test("wrong options are told, and nothing is measured", () => {
    for (const [args, message] of [
      [["--section", "speed"], "no section is called speed"],
      [["--only", "opa"], "no engine is called opa"],
      [["--seed", "x"], "--seed is a whole number"],
      [["--quick", "--full"], "exclude each other"],
      [["--row", "nothing-*"], "no row has such a name"],
      [["--fast"], "--fast"],
    ] as const) {
      const { status, stdout, stderr } = bench(...args);
      expect([status, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(message);
      expect(stderr).not.toContain("    at ");
    }
  }, 120_000);

  test("--help names every section", () => {
    const { status, stdout } = bench("--help");
    expect(status).toBe(0);
    for (const name of SECTION_NAMES) expect(stdout).toContain(name);
  }, 60_000);
});
