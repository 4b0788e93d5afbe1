/** What `pol build --emit writers` makes, in a host: the same decisions, for whatever it is given. */
import { readFileSync } from "node:fs";
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { loadUnsigned, openUnsigned } from "@polity/runtime/authoring.ts";
import { generateWriters } from "@polity/runtime/generate.ts";
import type { GeneratedWriter } from "@polity/runtime/generated-writers.ts";
import { insideOf } from "@polity/runtime/host.ts";
import { beforeAll, expect, test } from "vitest";
import { HEADER } from "../support/frame-desk.ts";
import { importWriters } from "../support/generated-writers.ts";

const POLICY = new URL("../../examples/access/policy.pol", import.meta.url);
const GOOD = { role: "member", owner: "ada", user: "ada", verb: "read", locked: false };
const REQUESTS: readonly unknown[] = [
  GOOD,
  { ...GOOD, role: "admin", verb: "delete" },
  { ...GOOD, owner: "somebody-with-a-longer-name" },
  { ...GOOD, user: "x" },
  { ...GOOD, locked: true },
  Object.fromEntries(Object.entries(GOOD).reverse()),
  { ...GOOD, extra: 1 },
  { ...GOOD, role: "king" },
  { ...GOOD, owner: "" },
  { ...GOOD, owner: "ä" },
  { ...GOOD, user: "a".repeat(65) },
  { ...GOOD, locked: 0 },
  { ...GOOD, locked: undefined },
  Object.create(GOOD),
  Object.create(GOOD, { locked: { value: false, enumerable: true } }),
  Object.defineProperty({ ...GOOD }, "locked", { enumerable: false }),
  { a: 1, b: 2, c: 3, d: 4, e: 5 },
  [],
  null,
  new Proxy(GOOD, {}),
  new Map(Object.entries(GOOD)),
];

let wasm: Uint8Array;
let writers: readonly GeneratedWriter[];

beforeAll(async () => {
  const { value } = compile({ file: "policy.pol", text: readFileSync(POLICY, "utf8") });
  const built = await buildEvaluator(value!);
  wasm = built.wasm;
  const text = generateWriters(built.manifest);
  expect(text).toBe(generateWriters(built.manifest));
  writers = await importWriters(text);
});

test("decisions are the same with it and without", async () => {
  const [plain, written] = await Promise.all([loadUnsigned(wasm), loadUnsigned(wasm, { writers })]);
  if (!plain.ok || !written.ok) throw new Error("not loaded");
  const plan = insideOf(written.host)!.evaluator.program.actions.get("access")!;
  expect(plan.usual!.write).toBe(writers[0]!.write);
  for (let round = 0; round < 40; round += 1) {
    for (const fields of round % 2 === 0 ? REQUESTS : REQUESTS.toReversed()) {
      expect(written.host.decide("access", fields, HEADER)).toEqual(
        plain.host.decide("access", fields, HEADER),
      );
      if (round % 3 === 0) plan.usual!.rest = 0;
    }
  }
});

test("what is no list of writers is refused when loading, and others are not used", async () => {
  for (const given of [{}, "writers", [null], [{ action: "access" }], [{ ...writers[0], write: "f" }]]) {
    const loaded = await loadUnsigned(wasm, { writers: given as unknown as readonly GeneratedWriter[] });
    expect(loaded).toMatchObject({ ok: false });
  }
  const strange = writers.map((writer) => ({ ...writer, outline: `${writer.outline} ` }));
  const loaded = await loadUnsigned(wasm, { writers: strange });
  if (!loaded.ok) throw new Error(loaded.message);
  expect(insideOf(loaded.host)!.evaluator.program.actions.get("access")!.usual!.write).toBeNull();
  const evaluator = await openUnsigned(wasm);
  expect("code" in evaluator).toBe(false);
});
