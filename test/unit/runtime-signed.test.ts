/** Only what someone trusted has signed is loaded; and a host without an evaluator says so every time. */
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { generateKey, nodeCrypto, nodeSigner } from "@polity/lineage/node/crypto.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { digestName, sha256 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import { emptyHost, load } from "@polity/runtime/index.ts";
import { LOAD_CHECKS } from "@polity/runtime/load-refusal.ts";
import { signEvaluator, type Trust } from "@polity/runtime/signed-evaluator.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import type { EvaluatorStatement } from "@polity/runtime/statement.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { DO, STUB_MANIFEST, stubEvaluator, withSource } from "../support/stub-evaluator.ts";

const NOW = 1_795_000_000_000;
const DAY = 86_400_000;
const FACTS = '{"entities":[{"type":"Team","id":"t"}]}';

interface Pair {
  readonly signer: Signer;
  readonly trust: Trust;
}

function newPair(): Pair {
  const { privatePem, publicKey } = generateKey();
  const made = nodeSigner(privatePem);
  if (!made.ok) throw new Error(made.message);
  return { signer: made.signer, trust: { keys: [publicKey], name: STUB_MANIFEST.policy.name } };
}

let wasm: Uint8Array;
let pair: Pair;
let envelope: string;
beforeAll(async () => {
  wasm = await stubEvaluator();
  pair = newPair();
  envelope = await sealed();
});

function statement(of: Uint8Array = wasm): EvaluatorStatement {
  const { policy, abi, sources } = STUB_MANIFEST;
  const validity = { validFromMs: NOW - DAY, validUntilMs: NOW + DAY };
  return { ...policy, digest: digestName(sha256(of)), abi, sources, audience: null, ...validity };
}

function sealed(change: Partial<EvaluatorStatement> = {}, { signer } = pair): Promise<string> {
  return signEvaluator({ ...statement(), ...change }, [signer]);
}

function headerTo(todo: number, now = NOW): Header {
  const times = { now, policyFrom: NOW - 9 * DAY, policyUntil: NOW + 9 * DAY, factsUntil: NOW + 9 * DAY };
  return { ...times, containment: { state: "free", readAt: now }, trust: todo, approvals: [] };
}

interface Attempt {
  readonly wasm?: Uint8Array;
  readonly envelope?: Uint8Array | string | undefined;
  readonly trust?: Partial<Trust>;
  readonly now?: number;
  readonly sizeBytesMax?: number;
}

/** The number of the check and its code; empty where the evaluator was loaded. */
async function refusal(attempt: Attempt): Promise<string> {
  const { trust, now = NOW, ...rest } = attempt;
  const given = "envelope" in rest ? (rest.envelope as string) : envelope;
  const { sizeBytesMax } = rest;
  const options = { facts: FACTS, ...(sizeBytesMax === undefined ? {} : { sizeBytesMax }) };
  const loaded = await load(rest.wasm ?? wasm, given, { ...pair.trust, ...trust }, now, options);
  if (loaded.ok) return "";
  expect(LOAD_CHECKS[loaded.check - 1]).toBe(loaded.code);
  return loaded.code;
}

describe("an evaluator with its signature", () => {
  test("is loaded, decides, and tells how long it is valid", async () => {
    for (const crypto of [{}, nodeCrypto]) {
      const loaded = await load(wasm, envelope, pair.trust, NOW, { facts: FACTS, ...crypto });
      if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
      expect(loaded.host.validity).toEqual({ fromMs: NOW - DAY, untilMs: NOW + DAY });
      expect(loaded.host.decide("go", { s: "x" }, headerTo(DO.allow)).verdict).toBe("allow");
    }
  });

  test("is given as text or as the bytes of its file", async () => {
    expect(await refusal({ envelope: new TextEncoder().encode(envelope) })).toBe("");
    expect(await refusal({ envelope: Buffer.from(envelope) })).toBe("");
  });
});

/** The stub looks at no time; this one does. */
const REAL = `polity 1
policy test.signed version 1

entity User
subject user: User

action go {}

allow everything on go always
`;

test("an evaluator allows nothing outside of the time that was signed, whatever a header says", async () => {
  const { value } = compile({ file: "signed.pol", text: REAL });
  const { wasm: real, manifest } = await buildEvaluator(value!);
  const name = manifest.policy.name;
  const signed = { ...manifest.policy, abi: manifest.abi, sources: manifest.sources };
  const own = await sealed({ ...signed, digest: digestName(sha256(real)) });
  const facts = '{"entities":[{"type":"User","id":"u","attributes":{},"parents":[]}]}';
  const loaded = await load(real, own, { ...pair.trust, name }, NOW, { facts });
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  const at = (now: number) => loaded.host.decide("go", { user: "u" }, headerTo(1, now));
  expect(at(NOW - DAY)).toMatchObject({ verdict: "allow" });
  expect(at(NOW + DAY - 1)).toMatchObject({ verdict: "allow" });
  expect(at(NOW - DAY - 1)).toMatchObject({ verdict: "deny", code: "policy.stale" });
  expect(at(NOW + DAY)).toMatchObject({ verdict: "deny", code: "policy.stale" });
  const longer = { ...signed, digest: digestName(sha256(real)), validUntilMs: NOW + 2 * DAY };
  await loaded.host.replace({ envelope: await sealed(longer), now: NOW + DAY });
  expect(at(NOW + DAY)).toMatchObject({ verdict: "allow" });
});

describe("is refused by code where it is", () => {
  test("unsigned", async () => {
    for (const none of [undefined, null, "", new Uint8Array(0)]) {
      expect(await refusal({ envelope: none as string })).toBe("envelope.unsigned");
    }
  });

  test("altered: another file than the one that was signed, down to one bit", async () => {
    for (let at = 0; at < wasm.length; at += 97) {
      const altered = wasm.slice();
      altered[at]! ^= 1 << (at & 7);
      expect(await refusal({ wasm: altered })).toBe("envelope.altered");
    }
  });

  test("no longer or not yet valid", async () => {
    expect(await refusal({ now: NOW + DAY })).toBe("envelope.expired");
    expect(await refusal({ now: NOW + DAY - 1 })).toBe("");
    expect(await refusal({ now: NOW - DAY })).toBe("");
    expect(await refusal({ now: NOW - DAY - 1 })).toBe("envelope.not_yet_valid");
  });

  test("signed by somebody else", async () => {
    expect(await refusal({ envelope: await sealed({}, newPair()) })).toBe("envelope.wrong_key");
    const other = newPair();
    const forged = (await sealed({}, other)).replace(other.signer.publicKey.id, pair.signer.publicKey.id);
    expect(await refusal({ envelope: forged })).toBe("envelope.bad_signature");
  });

  test("for another name or another audience", async () => {
    expect(await refusal({ trust: { name: "other.policy" } })).toBe("envelope.wrong_name");
    expect(await refusal({ trust: { audience: "eu" } })).toBe("envelope.wrong_audience");
    const forEu = await sealed({ audience: "eu" });
    expect(await refusal({ envelope: forEu })).toBe("envelope.wrong_audience");
    expect(await refusal({ envelope: forEu, trust: { audience: "us" } })).toBe("envelope.wrong_audience");
    expect(await refusal({ envelope: forEu, trust: { audience: "eu" } })).toBe("");
  });

  test("too large, module or envelope", async () => {
    expect(await refusal({ sizeBytesMax: wasm.length - 1 })).toBe("load.too_large");
    expect(await refusal({ envelope: " ".repeat(300 * 1024) })).toBe("envelope.too_large");
  });

  test("another thing than its own manifest says", async () => {
    const { policy, abi } = STUB_MANIFEST;
    const lies: Partial<EvaluatorStatement>[] = [
      { version: policy.version + 1n },
      { abi: { ...abi, minor: abi.minor + 1 } },
      { sources: [{ file: "other.pol", sha256: digestName(sha256(wasm)) }] },
    ];
    for (const lie of lies) expect(await refusal({ envelope: await sealed(lie) })).toBe("envelope.mismatch");
    const renamed = await sealed({ name: "other.policy" });
    expect(await refusal({ envelope: renamed, trust: { name: "other.policy" } })).toBe("envelope.mismatch");
  });

  test("given to a host whose trust or clock is none", async () => {
    for (const trust of [undefined, null, {}, { keys: [], name: "x" }, { keys: "all", name: "x" }]) {
      const loaded = await load(wasm, envelope, trust as unknown as Trust, NOW, { facts: FACTS });
      expect(loaded).toMatchObject({ ok: false, code: "trust.invalid" });
    }
    expect(await refusal({ now: Number.NaN })).toBe("trust.invalid");
    expect(await refusal({ now: "today" as unknown as number })).toBe("trust.invalid");
  });
});

describe("a host without an evaluator", () => {
  const none = { verdict: "deny", code: "policy.none", granted: false, rules: [] };

  test("denies every request until one is brought, and after one is refused", async () => {
    const host = emptyHost(pair.trust);
    expect([host.manifest, host.evaluator, host.facts, host.validity]).toEqual([null, null, null, null]);
    expect(host.decide("go", { s: "x" }, headerTo(DO.allow))).toMatchObject(none);
    expect(host.decide(null as unknown as string, undefined, null as unknown as Header)).toMatchObject(none);
    expect(host.request("go", { s: "x" })).toMatchObject({ ok: false });
    await host.ready();
    const refused = await host.replace({ wasm, facts: FACTS, now: NOW });
    expect(refused).toMatchObject({ ok: false, code: "envelope.unsigned" });
    expect(await host.replace({ facts: FACTS })).toMatchObject({ ok: false });
    expect(host.decide("go", { s: "x" }, headerTo(DO.allow))).toMatchObject(none);
    expect(await host.replace({ wasm, envelope, facts: FACTS, now: NOW })).toEqual({ ok: true });
    expect(host.evaluator).toBe(digestName(sha256(wasm)));
    expect(host.decide("go", { s: "x" }, headerTo(DO.allow))).toMatchObject({ verdict: "allow" });
  });
});

describe("a running host", () => {
  test("takes another evaluator only with its signature, and keeps the old one otherwise", async () => {
    const loaded = await load(wasm, envelope, pair.trust, NOW, { facts: FACTS });
    if (!loaded.ok) throw new Error(loaded.code);
    const { host } = loaded;
    const next = await withSource((source) => source.replace("default: return 1;", "default: return 3;"));
    expect(await host.replace({ wasm: next, envelope, now: NOW })).toMatchObject({
      code: "envelope.altered",
    });
    expect(await host.replace({ wasm: next, now: NOW })).toMatchObject({ code: "envelope.unsigned" });
    expect(await host.replace({ wasm, envelope, now: NOW + DAY })).toMatchObject({
      code: "envelope.expired",
    });
    expect(await host.replace({ wasm, envelope })).toMatchObject({ code: "trust.invalid" });
    expect(host.evaluator).toBe(digestName(sha256(wasm)));
    expect(await host.replace({ facts: FACTS })).toEqual({ ok: true });
    expect(host.decide("go", { s: "x" }, headerTo(DO.allow))).toMatchObject({ verdict: "allow" });
  });

  test("that was opened without a trust takes no envelope as if it had checked it", async () => {
    const loaded = await loadUnsigned(wasm, { facts: FACTS });
    if (!loaded.ok) throw new Error(loaded.code);
    expect(loaded.host.validity).toBeNull();
    expect(await loaded.host.replace({ wasm, envelope, now: NOW })).toMatchObject({ code: "trust.invalid" });
  });
});

describe("what JavaScript may hand over", () => {
  /** Memory that another thread may write; a host judges and compiles memory of its own. */
  const shared = (bytes: Uint8Array) => {
    const view = new Uint8Array(new SharedArrayBuffer(bytes.length));
    view.set(bytes);
    return view;
  };

  test("memory that changes after it was handed over changes nothing", async () => {
    const disguised = new ArrayBuffer(0);
    Object.assign(disguised, { slice: () => shared(wasm).buffer });
    expect(await refusal({ wasm: disguised as unknown as Uint8Array })).toBe("envelope.altered");
    const views = [shared(wasm), wasm.slice(), wasm.slice().buffer, Buffer.from(wasm)] as Uint8Array[];
    for (const given of views) {
      const loading = load(given, envelope, pair.trust, NOW, { facts: FACTS });
      new Uint8Array("buffer" in given ? given.buffer : given).fill(0);
      expect(await loading).toMatchObject({ ok: true });
    }
  });

  test("whom it trusts is settled when the host is made", async () => {
    const keys = [...pair.trust.keys];
    const trust = { ...pair.trust, keys };
    const host = emptyHost(trust);
    keys[0] = newPair().trust.keys[0]!;
    trust.name = "other.policy";
    expect(await host.replace({ wasm, envelope, facts: FACTS, now: NOW })).toEqual({ ok: true });
  });

  test("never throws and never rejects", async () => {
    const thrower = () => {
      throw new Error("no");
    };
    const detached = wasm.slice();
    structuredClone(detached, { transfer: [detached.buffer] });
    const forged = Object.setPrototypeOf(new DataView(new ArrayBuffer(8)), Uint8Array.prototype);
    const strange = [detached, forged, Object.create(Uint8Array.prototype), new Proxy(wasm, {}), null, 5, {}];
    for (const one of strange) {
      expect(await load(one, envelope, pair.trust, NOW)).toMatchObject({ ok: false });
      expect(await load(wasm, one, pair.trust, NOW)).toMatchObject({ ok: false });
      expect(await emptyHost(pair.trust).replace(one)).toMatchObject({ ok: false });
    }
    const options = Object.defineProperty({}, "facts", { get: thrower });
    expect(await load(wasm, envelope, pair.trust, NOW, options)).toMatchObject({ code: "load.trap" });
    const given = Object.defineProperty({ wasm }, "envelope", { get: thrower });
    expect(await emptyHost(pair.trust).replace(given)).toMatchObject({ code: "load.trap" });
    const odd = {
      sha256: () => {
        throw Object.defineProperty(new Error(), "message", { get: thrower });
      },
    };
    expect(await load(wasm, envelope, pair.trust, NOW, odd)).toMatchObject({ code: "load.trap" });
  });

  test("a limit that is no number lets nothing through", async () => {
    expect(await refusal({ sizeBytesMax: Number.NaN })).toBe("load.too_large");
  });
});

describe("what is kept", () => {
  test("is named by `expect`, and a renewed envelope is judged and counts", async () => {
    const loaded = await load(wasm, envelope, pair.trust, NOW, { facts: FACTS });
    if (!loaded.ok) throw new Error(loaded.code);
    const { host } = loaded;
    expect(await host.replace({ facts: FACTS, expect: "sha256:00" })).toMatchObject({ code: "load.digest" });
    expect(await host.replace({ facts: FACTS, expect: host.evaluator })).toEqual({ ok: true });
    expect(await host.replace({ envelope: "garbage", now: NOW })).toMatchObject({
      code: "envelope.malformed",
    });
    const renewed = await sealed({ validUntilMs: NOW + 2 * DAY });
    expect(await host.replace({ envelope: renewed, now: NOW + DAY })).toEqual({ ok: true });
    expect(host.validity?.untilMs).toBe(NOW + 2 * DAY);
    const lie = await sealed({ version: STUB_MANIFEST.policy.version + 1n });
    expect(await host.replace({ envelope: lie, now: NOW })).toMatchObject({ code: "envelope.mismatch" });
    expect(host.validity?.untilMs).toBe(NOW + 2 * DAY);
  });
});
