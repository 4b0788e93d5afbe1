import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Host } from "@polity/runtime/host.ts";
import { expect, test } from "vitest";
import { requests } from "../../benchmarks/access.ts";
import { HEADER } from "../../benchmarks/header.ts";
import { compiled } from "../support/compiled.ts";

const POLICY = `polity 1
policy test.allocation version 1
enum Role { admin, owner, member, guest, auditor }
enum Verb { read, write, delete, share }
action access { role: Role, owner: string id max 64, user: string id max 64, verb: Verb, locked: bool }
allow by_role on access when role in {Role.admin, Role.owner}
allow own_document on access when owner == user and verb in {read, write} unless locked
`;
const DECISIONS = 50_000;

function decide({ decide }: Host, count: number): number {
  let allowed = 0;
  for (let at = 0; at < count; at += 1) {
    if (decide("access", ALL[at & 511], HEADER).verdict === "allow") allowed += 1;
  }
  return allowed;
}
const ALL = requests(3);

test("decisions whose outcomes came before allocate nothing", { timeout: 60_000 }, async () => {
  const loaded = await loadUnsigned((await buildEvaluator(compiled(POLICY))).wasm);
  if (!loaded.ok) throw new Error(loaded.message);
  expect(decide(loaded.host, 1_000)).toBeGreaterThan(300);
  // The engine allocates until it has compiled all of it, and nobody says when that is: once is enough.
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 60 && least > DECISIONS; round += 1) {
    const before = process.memoryUsage().heapUsed;
    decide(loaded.host, DECISIONS);
    const bytes = process.memoryUsage().heapUsed - before;
    // Less than nothing: the collector ran in between.
    if (bytes >= 0) least = Math.min(least, bytes);
    // Lets the compiler finish.
    await new Promise((done) => setTimeout(done, 5));
  }
  // Less than a byte for each: what is left is what the measuring takes.
  expect(least).toBeLessThan(DECISIONS);
});
