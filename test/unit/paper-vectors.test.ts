/** Papers for other implementations: what makes them, and that both platforms agree on them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { verifyApproval } from "@polity/governor/papers/approval.ts";
import { verifyAttestation } from "@polity/governor/papers/attestation.ts";
import { verifyOrder } from "@polity/governor/papers/order.ts";
import type { Governed } from "@polity/governor/papers/paper.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { type CryptoPort, portableCrypto } from "@polity/runtime/crypto-port.ts";
import { openRoot } from "@polity/runtime/trust-walk.ts";
import { describe, expect, test } from "vitest";
import { type PaperCase, type PaperName, paperCases } from "../support/paper-cases.ts";
import { GOVERNED, GOVERNED_ROOT } from "../support/papers.ts";
import { ANNA, BERT, CLEO, signRoot } from "../support/trust-roots.ts";

/** `POLITY_WRITE_VECTORS=1 npx vitest run test/unit/paper-vectors` writes the files anew. */
const WRITE = process.env.POLITY_WRITE_VECTORS === "1";
const FOLDER = new URL("../vectors/papers/", import.meta.url);
const SOURCE = "test/support/paper-cases.ts, which test/unit/paper-vectors.test.ts runs again";

const CASES = await paperCases();
const ROOT = await signRoot(GOVERNED_ROOT, ANNA, BERT, CLEO);

interface PaperFile {
  readonly root: string;
  readonly set: string;
  readonly audience: string;
  readonly cases: readonly (PaperCase & { readonly says?: string })[];
}

function outcome(name: PaperName, one: PaperCase, governed: Governed, crypto: CryptoPort) {
  const { envelope, now, agent = { type: "", id: "" } } = one;
  switch (name) {
    case "order":
      return verifyOrder(envelope, governed, now, crypto);
    case "approval":
      return verifyApproval(envelope, governed, now, crypto);
    case "attestation":
      return verifyAttestation(envelope, governed, agent, now, crypto);
  }
}

function written(name: PaperName): string {
  const cases = CASES.get(name)!.map((one) => {
    const said = outcome(name, one, GOVERNED, nodeCrypto);
    return said.ok ? one : { ...one, says: said.message };
  });
  const { set, audience } = GOVERNED;
  return `${JSON.stringify({ source: SOURCE, root: ROOT, set, audience, cases }, null, 1)}\n`;
}

describe.each([...CASES.keys()])("test/vectors/papers/%ss.json", (name) => {
  const file = new URL(`${name}s.json`, FOLDER);

  test("is what its generator makes", () => {
    const text = written(name);
    if (WRITE) writeFileSync(file, text);
    expect(existsSync(file) ? readFileSync(file, "utf8") : "").toBe(text);
  });

  test("says what becomes of each, from the file alone", () => {
    const { root, set, audience, cases } = JSON.parse(readFileSync(file, "utf8")) as PaperFile;
    const opened = openRoot(root, nodeCrypto, null);
    if (!opened.ok) throw new Error(opened.message);
    const governed = { root: opened.root, set, audience };
    for (const one of cases) {
      for (const crypto of [nodeCrypto, portableCrypto]) {
        const said = outcome(name, one, governed, crypto);
        expect([one.name, said.ok ? "good" : said.code]).toEqual([one.name, one.expect]);
        if (!said.ok) expect(said.message).toBe(one.says);
      }
    }
    const faults = ["malformed", "wrong_root", "wrong_set", "unsigned", "not_yet_valid", "expired"];
    const seen = new Set(cases.map(({ expect: code }) => code.replace(`${name}.`, "")));
    expect(faults.filter((fault) => !seen.has(fault))).toEqual([]);
  });
});
