/** Policy sets of generated members, against the reference and the laws of sets (laws.md, P1 to P5). */
import { loadFacts } from "@polity/compiler/interpret/facts.ts";
import { answerMembers, type Judge, judgeSet } from "@polity/compiler/interpret/set.ts";
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { openSet, type SetDecision, type SetMember } from "@polity/runtime/index.ts";
import { expect, test } from "vitest";
import type { Checked } from "../../compiler/checked.ts";
import { withDigest } from "../support/generate/engines.ts";
import { generateFacts } from "../support/generate/facts.ts";
import { bend } from "../support/generate/hostile.ts";
import { generateProgram } from "../support/generate/program.ts";
import { createRandom } from "../support/generate/random.ts";
import { generateRequest, OWN_DIGEST } from "../support/generate/requests.ts";
import { generateMembers } from "../support/generate/sets.ts";
import { show } from "../support/generate/show.ts";

const SEED = 32;
const SETS = 8;
const REQUESTS = 150;

const seen = new Map<string, number>();

function count(event: string): void {
  seen.set(event, (seen.get(event) ?? 0) + 1);
}

/** Programs that say something of every action, and of more than one. */
function* programs(): Generator<{ readonly number: number; readonly checked: Checked }> {
  for (let number = 0; ; number += 1) {
    const text = generateProgram(createRandom(SEED, number));
    const { value } = compile({ file: "generated.pol", text });
    const isFit = value !== null && value.kind === "policy" && value.actions.length > 1;
    if (isFit && value.others !== null) yield { number, checked: value };
  }
}

test("sets of generated members", { timeout: 300_000 }, async () => {
  let sets = 0;
  for (const { number, checked } of programs()) {
    if (sets === SETS) break;
    sets += 1;
    const random = createRandom(SEED, number, 1);
    const facts = generateFacts(random, checked);
    const members: SetMember[] = [];
    const judges: Judge[] = [];
    for (const { name, checked: own, shadow } of generateMembers(random, checked)) {
      const { wasm } = await buildEvaluator(own);
      const opened = await loadUnsigned(wasm, { facts: JSON.stringify(facts.json), obligations: "any" });
      const loaded = loadFacts(own, facts.json);
      if (!opened.ok || !loaded.ok) throw new Error(`program ${number}: the facts are refused`);
      members.push({ name, host: opened.host, shadow });
      judges.push({ name, shadow, checked: own, facts: loaded.facts });
    }
    const setOf = (some: readonly SetMember[]) => {
      const opened = openSet(some);
      if (!opened.ok) throw new Error(opened.message);
      return opened.set;
    };
    const set = setOf(members);
    const smaller = members.map((one) => [one, setOf(members.filter((other) => other !== one))] as const);
    for (let n = 0; n < REQUESTS; n += 1) {
      const regular = generateRequest(facts.source);
      const request = random.chance(0.1) ? bend(random, regular) : regular;
      const { action, fields, entities } = request;
      const named = set.request(action, fields, entities);
      const header = named.ok ? withDigest(request.header, named.digest) : request.header;
      const decided = set.decide(action, fields, header, entities);
      const { verdict, code, granted, rules, errors, obligations } = decided;
      const expected = judgeSet(answerMembers(judges, { ...request, digest: OWN_DIGEST }));
      const where = `seed ${SEED}, program ${number}: ${show(request)}`;
      expect({ verdict, code, granted, rules, errors, obligations }, where).toEqual(expected);
      observe(decided, action, judges);
      for (const [removed, fewer] of smaller) {
        const rest = fewer.decide(action, fields, header, entities);
        const own = decided.members.find(({ name }) => name === removed.name);
        const isPolicy = own?.kind === "policy" && own.shadow === false;
        // Every member but a policy that declares the action can only take away.
        if (!isPolicy && own?.decision.code !== "input.unknown_action") {
          if (verdict === "allow") expect(rest.verdict, where).toBe("allow");
          count("member removed");
        }
      }
    }
  }
  expect([...seen.keys()].sort()).toEqual([
    "member removed",
    "member without the action",
    "set permitted",
    "set restricted by a member",
    "set restricted by a member without the action",
    "shadow member",
  ]);
});

function observe({ members, verdict }: SetDecision, action: string, judges: readonly Judge[]): void {
  if (verdict === "allow") count("set permitted");
  for (const { name, shadow, decision } of members) {
    const { checked } = judges.find((one) => one.name === name)!;
    const declares = checked.actions.some((one) => one.name === action);
    if (shadow) count("shadow member");
    else if (!declares) count("member without the action");
    if (shadow || decision.code !== "rule" || decision.verdict === "allow") continue;
    count(declares ? "set restricted by a member" : "set restricted by a member without the action");
  }
}
