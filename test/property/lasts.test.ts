/** How long answers last (laws.md, N1): by then, and not before, time alone may have changed them. */
import { TIMESTAMP_MAX, TIMESTAMP_MIN } from "@polity/runtime/layout.ts";
import { expect, test } from "vitest";
import { compile } from "../../compiler/pipeline.ts";
import { type LoadedEngine, referenceEngine, wasmEngines } from "../support/generate/engines.ts";
import { generateFacts } from "../support/generate/facts.ts";
import { generateProgram } from "../support/generate/program.ts";
import { createRandom, type Random } from "../support/generate/random.ts";
import { type GeneratedRequest, generateRequest } from "../support/generate/requests.ts";
import { generateSimilarProgram } from "../support/generate/similar.ts";

const PROGRAMS = 45;
const REQUESTS = 20;
/** Every generated `valid` ends there. */
const VALID_UNTIL = 1_798_761_600_000;
const SOON_MS = [1, 2, 10, 1_000, 60_000, 3_600_000, 86_400_000];

/** Where nothing but rules reads the time. */
function timely(request: GeneratedRequest, now: number): GeneratedRequest {
  const { header } = request;
  const [policyFrom, end] = [Number(TIMESTAMP_MIN), Number(TIMESTAMP_MAX)];
  const containment = { state: header.containment.state, readAt: now };
  return {
    ...request,
    header: { ...header, now, policyFrom, policyUntil: end, factsUntil: end, containment },
  };
}

function said(engine: LoadedEngine, request: GeneratedRequest): string {
  const { verdict, code, rules, errors } = engine.decide(request);
  return JSON.stringify([verdict, code, rules, errors]);
}

/** Some of the times before `end`, the last one among them. */
function* probes(random: Random, from: number, end: number): Generator<number> {
  for (const ms of SOON_MS) if (from + ms < end) yield from + ms;
  for (let n = 0; n < 4; n += 1) yield from + random.below(Math.min(end - from, 2 ** 31));
  yield end - 1;
}

test("no answer changes before it is said to", async () => {
  const programs: {
    readonly checked: NonNullable<ReturnType<typeof compile>["value"]>;
    readonly at: number;
  }[] = [];
  for (let at = 0; programs.length < PROGRAMS; at += 1) {
    const random = createRandom(71, at);
    const text = at % 5 === 0 ? generateSimilarProgram(random) : generateProgram(random, 0.95, 0.4);
    const { value } = compile({ file: "generated.pol", text });
    if (value !== null) programs.push({ checked: value, at });
  }
  const built = await wasmEngines(programs, PROGRAMS);
  let [finite, changed] = [0, 0];
  for (const [index, { checked, at }] of programs.entries()) {
    const random = createRandom(71, at, 1);
    const facts = generateFacts(random, checked);
    const reference = await referenceEngine(checked).load(facts.json);
    if ("refused" in reference) continue;
    for (const name of ["batch", "families"]) {
      const loaded = await built[index]!.get(name)!.load(facts.json);
      if ("refused" in loaded) throw new Error(loaded.refused);
      for (let n = 0; n < REQUESTS; n += 1) {
        const given = generateRequest(facts.source, 0.3);
        const { now } = given.header;
        if (now < 1_767_225_600_000 || now >= VALID_UNTIL) continue;
        const request = timely(given, now);
        const lasts = loaded.lasts!(request);
        expect(lasts).toBeGreaterThanOrEqual(1);
        if (lasts !== Number.POSITIVE_INFINITY) finite += 1;
        const before = said(reference, request);
        for (const then of probes(random, now, Math.min(now + lasts, VALID_UNTIL))) {
          expect(said(reference, timely(given, then)), `${then - now} of ${lasts} ms, program ${at}`).toBe(
            before,
          );
        }
        if (now + lasts < VALID_UNTIL && said(reference, timely(given, now + lasts)) !== before) changed += 1;
      }
    }
  }
  // Otherwise nothing was tried.
  expect(finite).toBeGreaterThan(200);
  expect(changed).toBeGreaterThan(4);
}, 300_000);
