/** A validity that once was signed narrows headers without its signature: for whoever decides again. */
import { loadSetUnsigned, loadUnsigned } from "@polity/runtime/authoring.ts";
import { openShared, shareHost } from "@polity/runtime/share.ts";
import { expect, test } from "vitest";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { compiled } from "../support/compiled.ts";

const NOW = Date.UTC(2026, 10, 22);
const header = (now: number) => ({
  now,
  policyFrom: NOW - 10_000,
  policyUntil: NOW + 10_000,
  factsUntil: NOW + 10_000,
  containment: { state: "free" as const, readAt: now },
  trust: 500,
  approvals: [],
});
const POLICY = `polity 1
policy doors version 1
action open { door: string max 16 }
allow known on open when door == "north"
`;
const validity = { fromMs: NOW - 5, untilMs: NOW + 5 };
const TIMES = [NOW - 6, NOW - 5, NOW + 4, NOW + 5];
const CODES = ["policy.stale", "rule", "rule", "policy.stale"];

test("of an evaluator, also in another thread, and of a member of a set", async () => {
  const { wasm } = await buildEvaluator(compiled(POLICY));
  const loaded = await loadUnsigned(wasm, { validity });
  if (!loaded.ok) throw new Error(loaded.message);
  expect(loaded.host.validity).toEqual(validity);
  const decide = (host: typeof loaded.host) =>
    TIMES.map((now) => host.decide("open", { door: "north" }, header(now)).code);
  expect(decide(loaded.host)).toEqual(CODES);
  const shared = await openShared(shareHost(loaded.host)!);
  if (!shared.ok) throw new Error(shared.message);
  expect(decide(shared.host)).toEqual(CODES);
  const set = await loadSetUnsigned([
    { name: "a", wasm, validity },
    { name: "b", wasm },
  ]);
  if (!set.ok) throw new Error(set.message);
  const codes = TIMES.map((now) =>
    set.set.decide("open", { door: "north" }, header(now)).members.map(({ decision }) => decision.code),
  );
  expect(codes).toEqual(CODES.map((code) => [code, "rule"]));
});
