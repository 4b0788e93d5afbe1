/**
 * `npm run bench`: builds what the suites need in processes of their own, runs each suite in a fresh one that
 * has assembled nothing, prints tables and writes benchmarks/results/*.json.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import type { Row } from "./measure.ts";

const here = import.meta.dirname;
const work = mkdtempSync(join(tmpdir(), "polity-bench-"));

function run(script: string, ...args: readonly string[]): string {
  return execFileSync(process.execPath, [join(here, script), ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function table(rows: readonly Row[]): string {
  const base = rows[0]?.medianNs ?? Number.NaN;
  const cells = rows.map((row) => [
    row.name,
    `${row.medianNs.toFixed(1)} ns`,
    `${row.p99Ns.toFixed(1)} ns`,
    `${(row.medianNs / base).toFixed(1)} x`,
  ]);
  const lines = [["", "median", "p99 of 100", "ratio"], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join("   "),
    )
    .join("\n");
}

try {
  const seed = process.argv[2] ?? "1";
  process.stderr.write("building examples/access …\n");
  const wasm = join(work, "access.wasm");
  run("build.ts", join(here, "../examples/access/policy.pol"), wasm);
  process.stderr.write("measuring, about half a minute …\n");
  const { rows } = JSON.parse(run("five-field.ts", wasm, seed)) as { rows: readonly Row[] };
  const moduleBytes = statSync(wasm).size;
  const machine = `${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}`;
  process.stdout.write(
    `\nThe 5-field rule (512 varied requests, seed ${seed}; ${machine}; module ${moduleBytes} bytes)\n\n`,
  );
  process.stdout.write(`${table(rows)}\n`);
  mkdirSync(join(here, "results"), { recursive: true });
  const record = { question: "five-field", seed: Number(seed), machine, moduleBytes, rows };
  writeFileSync(join(here, "results/five-field.json"), `${JSON.stringify(record, null, 2)}\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
