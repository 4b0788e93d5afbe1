import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { outcomeOf } from "@polity/runtime/result.ts";
import { describe, expect, test } from "vitest";
import { loadFacts } from "../../compiler/interpret/facts.ts";
import { answerOthers, interpret } from "../../compiler/interpret/interpret.ts";
import {
  decideCase,
  type Opened,
  openSource,
  seenOf,
  type VectorSource,
  vectorText,
  wholeRequest,
  withOwnDigest,
} from "../support/frame-vectors.ts";
import { approvalCases, SOURCES } from "../support/vector-sources.ts";

/** `POLITY_WRITE_VECTORS=1 npx vitest run test/unit/runtime-vectors` writes the files anew. */
const WRITE = process.env.POLITY_WRITE_VECTORS === "1";

describe("test/vectors/frames", () => {
  test.each([...SOURCES.keys()])(
    "%s.json is what this host makes, and the interpreter agrees",
    async (name) => {
      const opened = await openSource(SOURCES.get(name)!);
      const given = name === "approvals" ? withApprovals(opened) : SOURCES.get(name)!;
      const source = { ...given, cases: given.cases.map(withOwnDigest) };
      const text = vectorText(opened, source);
      const file = new URL(`../vectors/frames/${name}.json`, import.meta.url);
      if (WRITE) writeFileSync(file, text);
      expect(existsSync(file) ? readFileSync(file, "utf8") : "").toBe(text);

      const { checked, host } = opened;
      const facts = loadFacts(checked, JSON.parse(source.facts));
      if (!facts.ok) throw new Error(facts.refusal.message);
      for (const one of source.cases) {
        const { name: title, others, ...asked } = one;
        const request = host.request(asked.action, asked.fields, asked.entities);
        const digest = request.ok ? request.digest : null;
        const shared = { ...asked, fields: seenOf(opened, one) };
        const expected =
          others === true
            ? answerOthers(checked, facts.facts, {
                ...shared,
                digest: wholeRequest(asked.action, asked.fields).digest,
              }).outcome
            : interpret(checked, facts.facts, { ...asked, digest });
        expect([title, outcomeOf(decideCase(opened, one))]).toEqual([title, expected]);
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
