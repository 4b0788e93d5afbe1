import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openSource, vectorText } from "../support/frame-vectors.ts";
import { approvalCases, SOURCES } from "../support/vector-sources.ts";

/** `POLITY_WRITE_VECTORS=1 npx vitest run test/unit/runtime-vectors` writes the files anew. */
const WRITE = process.env.POLITY_WRITE_VECTORS === "1";

describe("test/vectors/frames", () => {
  test.each([...SOURCES.keys()])("%s.json is what this host makes", async (name) => {
    const source = SOURCES.get(name)!;
    const cases = name === "approvals" ? approvalCases(await payDigests()) : source.cases;
    const text = await vectorText({ ...source, cases });
    const file = new URL(`../vectors/frames/${name}.json`, import.meta.url);
    if (WRITE) writeFileSync(file, text);
    expect(existsSync(file) ? readFileSync(file, "utf8") : "").toBe(text);
  });
});

async function payDigests(): Promise<ReadonlyMap<number, string>> {
  const { host } = await openSource(SOURCES.get("approvals")!);
  const digests = new Map<number, string>();
  for (const amount of [150, 250]) {
    const request = host.request("pay", { amount, by: "u1" });
    if (request.ok) digests.set(amount, request.digest);
  }
  return digests;
}
