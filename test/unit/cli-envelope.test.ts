/** What `pol verify` says where signature and module disagree, which `pol sign` itself never makes. */
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { generateKey, nodeCrypto, nodeSigner } from "@polity/lineage/node/crypto.ts";
import { openUnsigned } from "@polity/runtime/authoring.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { signEvaluator } from "@polity/runtime/signed-evaluator.ts";
import type { EvaluatorStatement } from "@polity/runtime/statement.ts";
import { expect, test } from "vitest";
import { checkEnvelope, type Expected } from "../../cli/check-envelope.ts";
import { compiled } from "../support/compiled.ts";

const POLICY = "polity 1\npolicy doors version 1\naction open {}\nallow all on open always\n";

const { privatePem, publicKey } = generateKey();
const made = nodeSigner(privatePem);
if (!made.ok) throw new Error(made.message);
const { signer } = made;
const { wasm } = await buildEvaluator(compiled(POLICY));
const evaluator = await openUnsigned(wasm);
if ("code" in evaluator) throw new Error(evaluator.message);

const { policy, abi, sources } = evaluator.manifest;
const statement: EvaluatorStatement = {
  ...policy,
  digest: evaluator.name,
  abi,
  sources,
  audience: null,
  validFromMs: 0,
  validUntilMs: 1_000,
};
const now: Expected = { name: null, audience: null, nowMs: 500 };

const judge = async (bytes: Uint8Array, said: EvaluatorStatement, expected = now) => {
  const judged = await checkEnvelope(bytes, await signEvaluator(said, [signer]), publicKey, expected);
  return judged.ok ? "good" : judged.code;
};

test("what is signed and sound is good", async () => {
  expect(await judge(wasm, statement)).toBe("good");
});

test.each([
  ["version", { version: 2n }],
  ["sources", { sources: [] }],
  ["ABI", { abi: { major: 1, minor: 9 } }],
])("a statement with another %s than the manifest's is refused", async (_what, other) => {
  expect(await judge(wasm, { ...statement, ...other })).toBe("envelope.mismatch");
});

test("a statement with another name is refused, whatever is asked for", async () => {
  const other = { ...statement, name: "gates" };
  expect(await judge(wasm, other)).toBe("envelope.wrong_name");
  expect(await judge(wasm, other, { ...now, name: "gates" })).toBe("envelope.mismatch");
});

test("what is signed and no evaluator is refused as that, with and without a name", async () => {
  const bytes = new TextEncoder().encode("no evaluator");
  const signed = { ...statement, digest: digestName(nodeCrypto.sha256(bytes)) };
  expect(await judge(bytes, signed)).toBe("load.not_wasm");
  expect(await judge(bytes, signed, { ...now, name: "doors" })).toBe("load.not_wasm");
  expect(await judge(bytes, statement)).toBe("envelope.altered");
});

test("every refusal says what to do", async () => {
  const refused = await checkEnvelope(wasm, "", publicKey, now);
  expect(refused).toMatchObject({ code: "envelope.unsigned", hint: expect.stringContaining("pol sign") });
  const unnamed = await checkEnvelope(wasm, "x", publicKey, { ...now, name: "\n" });
  expect(unnamed).toMatchObject({ code: "trust.invalid", hint: expect.stringContaining("--name") });
});
