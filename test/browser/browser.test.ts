import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { runtimeSize } from "../../benchmarks/runtime-size.ts";
import { bundled, CHROMIUM, type Files, visit } from "../support/chromium.ts";
import { openSource } from "../support/frame-vectors.ts";
import { notRun } from "../support/not-run.ts";
import { BROWSER_SOURCE, type BrowserReport, browserCases } from "./cases.ts";

const RUNTIME = new URL("../../runtime/index.ts", import.meta.url);
const PAGE = new URL("./page.ts", import.meta.url);

/** The aim is 25 KiB, and the benchmark tells the truth; this only notices that it grew. */
const ALWAYS_BYTES_MAX = 53 * 1024;
/** In one file, with what is else fetched on demand, and with what bundlers add to call it later. */
const ONE_FILE_BYTES_MAX = 58.5 * 1024;

test("the runtime is small, and needs nothing but the Web platform", async () => {
  const { always } = await runtimeSize('export * from "@polity/runtime";');
  expect(always.gzippedBytes).toBeLessThan(ALWAYS_BYTES_MAX);
  const script = await bundled(RUNTIME);
  expect(gzipSync(script).length).toBeLessThan(ONE_FILE_BYTES_MAX);
  const forbidden = /\beval\(|new Function|["'`]node:/.exec(Buffer.from(script).toString());
  expect(forbidden?.[0]).toBeUndefined();
});

test("200 decisions in Chromium under a strict Content-Security-Policy are those of Node", async () => {
  if (!existsSync(CHROMIUM)) {
    notRun("the runtime in Chromium", `no ${CHROMIUM}`);
    return;
  }
  const cases = browserCases();
  const { host, wasm } = await openSource(BROWSER_SOURCE);
  const files: Files = new Map([
    ["/evaluator.wasm", ["application/wasm", wasm]],
    ["/facts.json", ["application/json", BROWSER_SOURCE.facts]],
    ["/cases.json", ["application/json", JSON.stringify(cases)]],
  ]);
  const report = await visit<BrowserReport>(PAGE, files);

  const here = cases.map(({ action, fields, header }) => {
    const { explained: _, ...decision } = host.decide(action, fields, header);
    return { ...decision, request: host.request(action, fields) };
  });
  expect(report.isEvalBlocked).toBe(true);
  expect(report.violations).toBe(0);
  expect([report.evaluator, report.facts]).toEqual([host.evaluator, host.facts]);
  expect(report.decisions).toEqual(JSON.parse(JSON.stringify(here)));
  expect(new Set(here.map(({ code }) => code)).size).toBeGreaterThan(5);
});
