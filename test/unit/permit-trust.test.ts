/** A service that has a trust root takes permits of whom the root lets issue them, and of nobody else. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { type VerifyPermitOptions, verifyPermit } from "@polity/runtime/permit.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import { openRoot, type TrustWalk, walkRoots } from "@polity/runtime/trust-walk.ts";
import { expect, test } from "vitest";
import { issued, NOW, service, TERMS } from "../support/permits.ts";
import { signerOf } from "../support/signing.ts";
import {
  ANNA,
  BERT,
  DORA,
  EMIL,
  following,
  idsOf,
  ONLINE,
  ROOT,
  signRoot,
  withKeys,
} from "../support/trust-roots.ts";

const permitsOf = (permit: readonly (readonly [string, readonly Signer[]])[]): TrustRoot["issuers"] => ({
  ...ROOT.issuers,
  permit: new Map(permit.map(([name, signers]) => [name, idsOf(...signers)])),
});

/** Dora issued permits once; Emil does, and for a second host too. */
const FIRST = withKeys({ ...ROOT, issuers: permitsOf([[TERMS.issuer, [DORA, EMIL]]]) });
const SECOND = following(FIRST, {
  issuers: permitsOf([
    [TERMS.issuer, [EMIL]],
    ["example.com/host-2", [EMIL, ONLINE]],
  ]),
});

async function walked(...roots: readonly TrustRoot[]): Promise<TrustWalk> {
  const [first, ...steps] = await Promise.all(roots.map((root) => signRoot(root, ANNA, BERT)));
  const opened = openRoot(first!, nodeCrypto);
  if (!opened.ok) throw new Error(opened.message);
  const walk = walkRoots(opened, steps, NOW, nodeCrypto);
  if (!walk.ok) throw new Error(walk.message);
  return walk;
}

async function asked(
  trust: unknown,
  token: string,
  changes: Partial<VerifyPermitOptions> = {},
): Promise<string> {
  const { keys: _, ...options } = service();
  const result = await verifyPermit(token, { ...options, trust: trust as TrustWalk, ...changes });
  return result.ok ? "ok" : `${result.code}: ${result.message.replace(/sha256:\w+/, "KEY")}`;
}

test("issuers of the root, and why others are none", async () => {
  const walk = await walked(FIRST, SECOND);
  const by = async (signer: Signer, issuer = TERMS.issuer) =>
    asked(walk, await issued({}, { issuer }, signer));
  expect(await by(EMIL)).toBe("ok");
  expect(await by(EMIL, "example.com/host-2")).toBe("ok");
  expect(await by(EMIL, "example.com/host-3")).toContain("permit.other_issuer");
  expect(await by(ONLINE)).toContain("permit.other_issuer");
  expect(await by(DORA)).toBe(
    "permit.removed_key: signed by KEY, which issues permits no more: " +
      "version 1 of the trust root had it, version 2 has not",
  );
  expect(await by(ANNA)).toContain(
    "permit.foreign_key: signed by KEY, which the trust root has for something else: root, policy",
  );
  expect(await by(signerOf(9))).toContain("permit.wrong_key");
  expect(await asked(await walked(FIRST), await issued({}, {}, DORA))).toBe("ok");
});

test("a root that has ended lets nobody issue anything", async () => {
  const token = await issued({}, {}, EMIL);
  const walk = await walked({ ...FIRST, expiresMs: NOW + 20 });
  expect(await asked(walk, token, { nowMs: NOW + 19 })).toBe("ok");
  expect(await asked(walk, token, { nowMs: NOW + 20 })).toContain("permit.root_expired");
  expect(await asked(walk, token, { nowMs: NOW + 20, leewayMs: 60_000 })).toContain("permit.root_expired");
});

test("keys or a root, and a root that is one", async () => {
  const token = await issued({}, {}, EMIL);
  const walk = await walked(FIRST);
  const { keys } = service();
  expect(await asked(walk, token, { keys })).toContain("permit.invalid");
  const noKeys = { ...walk, root: { ...walk.root, keys: new Map() } };
  const endless = { ...walk, root: { ...walk.root, expiresMs: Number.POSITIVE_INFINITY } };
  for (const strange of [
    undefined,
    null,
    7,
    [],
    {},
    { root: {} },
    noKeys,
    endless,
    { ...walk, path: null },
  ]) {
    expect(await asked(strange, token)).toContain("permit.invalid");
  }
  expect(await asked({ ...walk, path: [null] }, await issued({}, {}, signerOf(9)))).toContain(
    "permit.wrong_key",
  );
});
