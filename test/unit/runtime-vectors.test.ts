import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { outcomeOf } from "@polity/runtime/result.ts";
import { describe, expect, test } from "vitest";
import { loadFacts } from "../../compiler/interpret/facts.ts";
import { interpret } from "../../compiler/interpret/interpret.ts";
import { type Opened, openSource, type VectorSource, vectorText } from "../support/frame-vectors.ts";
import { approvalCases, SOURCES } from "../support/vector-sources.ts";

/** `POLITY_WRITE_VECTORS=1 npx vitest run test/unit/runtime-vectors` writes the files anew. */
const WRITE = process.env.POLITY_WRITE_VECTORS === "1";

describe("test/vectors/frames", () => {
  test.each([...SOURCES.keys()])(
    "%s.json is what this host makes, and the interpreter agrees",
    async (name) => {
      const opened = await openSource(SOURCES.get(name)!);
      const source = name === "approvals" ? withApprovals(opened) : SOURCES.get(name)!;
      const text = vectorText(opened, source);
      const file = new URL(`../vectors/frames/${name}.json`, import.meta.url);
      if (WRITE) writeFileSync(file, text);
      expect(existsSync(file) ? readFileSync(file, "utf8") : "").toBe(text);

      const { checked, host } = opened;
      const facts = loadFacts(checked, JSON.parse(source.facts));
      if (!facts.ok) throw new Error(facts.refusal.message);
      for (const { name: title, ...asked } of source.cases) {
        const { action, fields, header, entities } = asked;
        const request = host.request(action, fields, entities);
        const digest = request.ok ? request.digest : null;
        const expected = interpret(checked, facts.facts, { ...asked, digest });
        expect([title, outcomeOf(host.decide(action, fields, header, entities))]).toEqual([title, expected]);
      }
    },
  );
});

function withApprovals({ host }: Opened): VectorSource {
  const digests = new Map<number, string>();
  for (const amount of [150, 250]) {
    const request = host.request("pay", { amount, by: "u1" });
    if (request.ok) digests.set(amount, request.digest);
  }
  return { ...SOURCES.get("approvals")!, cases: approvalCases(digests) };
}
