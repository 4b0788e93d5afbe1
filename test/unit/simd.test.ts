/** Evaluators with vector instructions: what they say of themselves, and where they do not run. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Evaluator } from "../../compiler/evaluator.ts";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { HEADER } from "../support/asking.ts";
import { compiled } from "../support/compiled.ts";

const POLICY = `polity 1
policy test.simd version 1
action say { text: string max 60_000, file: path }
allow clean on say when not (text contains /sk-[a-z]{4}|[A-Z]{5}/) and file.within("/a")
deny named on say when text contains "PRIVATE KEY" or text like "*--force*"
`;

let [plain, vector]: (Evaluator | undefined)[] = [];

const folder = mkdtempSync(join(tmpdir(), "polity-simd-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  const checked = compiled(POLICY);
  plain = await buildEvaluator(checked);
  vector = await buildEvaluator(checked, { simd: true });
});

test("the manifest says so, and differs in nothing else", () => {
  const { simd, limits, ...rest } = vector!.manifest;
  expect(simd).toBe(true);
  const { limits: own, ...plainRest } = plain!.manifest;
  expect(plainRest).toEqual(rest);
  // Tables of patterns are others, and lie in the memory.
  expect(own).toEqual({ ...limits, staticBytes: own.staticBytes });
  expect("simd" in plain!.manifest).toBe(false);
  expect(vector!.wasm).not.toEqual(plain!.wasm);
});

test("both answer alike", async () => {
  const hosts = await Promise.all(
    [plain!, vector!].map(async ({ wasm }) => {
      const loaded = await loadUnsigned(wasm, {});
      if (!loaded.ok) throw new Error(loaded.message);
      return loaded.host;
    }),
  );
  const verdicts = new Set<string>();
  for (const found of ["", "sk-abcd", "sk-abc", "ABCDE", "PRIVATE KEY", "--force", "é", "中sk-abcd"]) {
    for (let before = 0; before < 40; before += 1) {
      for (const after of [0, 1, 16, 70]) {
        const text = `${"x-sk".repeat(before)}${found}${"yA".repeat(after)}`;
        const fields = { text, file: `/a/${"b/".repeat(before)}` };
        const [one, other] = hosts.map((host) => host.decide("say", fields, HEADER));
        expect([text, other]).toEqual([text, one]);
        verdicts.add(`${one!.verdict} ${one!.rules.join()}`);
      }
    }
  }
  expect(verdicts.size).toBe(4);
});

/** V8 has vector instructions only where the processor has these. */
const WITHOUT = "--no-enable-sse4-1";

test.runIf(process.arch === "x64")("an engine without them refuses it by name, and takes the other", () => {
  const files = [plain!, vector!].map(({ wasm }, at) => {
    const file = join(folder, `${at}.wasm`);
    writeFileSync(file, wasm);
    return file;
  });
  writeFileSync(join(folder, "cut.wasm"), vector!.wasm.subarray(0, 900));
  const child = fileURLToPath(new URL("../support/load-child.ts", import.meta.url));
  const said = (file: string) => execFileSync(process.execPath, [WITHOUT, child, file], { encoding: "utf8" });
  expect(files.map(said)).toEqual(["loaded", "load.simd"]);
  expect(said(join(folder, "cut.wasm"))).toBe("load.not_wasm");
});
