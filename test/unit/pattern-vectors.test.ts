/** What text is tested for (test/vectors/text/patterns.json), on both engines, and in how much time. */
import { readFileSync } from "node:fs";
import { loadFacts } from "@polity/compiler/interpret/facts.ts";
import { interpret } from "@polity/compiler/interpret/interpret.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Host } from "@polity/runtime/index.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { HEADER } from "../support/asking.ts";
import { compiled } from "../support/compiled.ts";
import { frameOf, openSource } from "../support/frame-vectors.ts";
import { instanceOf, judgeBytes } from "../support/raw-instance.ts";

interface Vector {
  readonly test: string;
  readonly text: string | { readonly repeat: string; readonly times: number; readonly then: string };
  readonly expect: boolean;
}

const { cases, malformed } = JSON.parse(
  readFileSync(new URL("../vectors/text/patterns.json", import.meta.url), "utf8"),
) as { readonly cases: readonly Vector[]; readonly malformed: readonly { what: string; bytes: string }[] };

const tests = [...new Set(cases.map((each) => each.test))];

/** One action for each test. */
const PROGRAM = [
  "polity 1",
  "policy vectors.patterns version 1",
  ...tests.flatMap((each, index) => [
    `action on${index} { text: string max 65536 }`,
    `allow fits${index} on on${index} when text ${each}`,
  ]),
  "",
].join("\n");

const checked = compiled(PROGRAM);
let host: Host;

beforeAll(async () => {
  const { wasm } = await buildEvaluator(checked);
  const loaded = await loadUnsigned(wasm, {});
  if (!loaded.ok) throw new Error(loaded.message);
  host = loaded.host;
});

function textOf({ text }: Vector): string {
  return typeof text === "string" ? text : `${text.repeat.repeat(text.times)}${text.then}`;
}

describe("vectors", () => {
  const facts = loadFacts(checked, { entities: [] });
  if (!facts.ok) throw new Error(facts.refusal.message);

  test.each(cases.map((each, index) => ({ index, ...each })))("$index: $test", (vector) => {
    const action = `on${tests.indexOf(vector.test)}`;
    const fields = { text: textOf(vector) };
    const verdict = vector.expect ? "allow" : "deny";
    const before = performance.now();
    expect(host.decide(action, fields, HEADER)).toMatchObject({ verdict });
    // Exponential or quadratic time would take minutes; noise does not take a second.
    expect(performance.now() - before).toBeLessThan(1_000);
    const request = { action, fields, header: HEADER, digest: null };
    expect(interpret(checked, facts.facts, request)).toMatchObject({ verdict });
  });
});

describe("bytes that are no text are refused before any pattern", () => {
  const policy = PROGRAM.slice(0, PROGRAM.indexOf("action")).concat(
    "action say { text: string }\nallow all on say when text matches /.*/ or text contains /a/\n",
  );

  async function judge(bytes: Uint8Array): Promise<unknown> {
    const opened = await openSource({ policy, facts: NO_FACTS });
    const text = "x".repeat(bytes.length);
    const frame = frameOf(opened, { name: "", action: "say", fields: { text }, header: HEADER });
    if (typeof frame === "string") throw new Error(frame);
    const at = Buffer.from(frame).lastIndexOf(text);
    frame.set(bytes, at);
    return judgeBytes(instanceOf(opened, NO_FACTS), frame);
  }

  test.each(malformed)("$what", async ({ bytes }) => {
    expect(await judge(Buffer.from(bytes, "hex"))).toMatchObject({ verdict: "deny", code: "input.invalid" });
  });

  test("and well-formed ones are not", async () => {
    expect(await judge(Buffer.from("é", "utf8"))).toMatchObject({ verdict: "allow" });
  });
});

const NO_FACTS = '{"entities":[]}';
