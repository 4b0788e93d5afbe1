/**
 * Failures of other systems that were made public, and the classic attacks on updates: each is tried on a
 * host of bundles and has to be refused by name, after which the host decides as before.
 */
import { readArchive, writeArchive } from "@polity/runtime/archive.ts";
import { type BundleFiles, type BundleHost, loadBundle } from "@polity/runtime/bundle.ts";
import { envelopeOf } from "@polity/runtime/bundle-write.ts";
import { encodeEnvelope } from "@polity/runtime/dsse.ts";
import { equalBytes, utf8 } from "@polity/runtime/hash.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import { describe, expect, test } from "vitest";
import {
  ask,
  codeOf,
  homeOf,
  load,
  memoryFloor,
  newsOf,
  noteFor,
  opened,
  walkOf,
} from "./support/bundle-host.ts";
import {
  BUNDLE_ROOT,
  bundleOf,
  FACTS,
  memberOf,
  SOURCES,
  signedFacts,
  sourcesFor,
} from "./support/bundles.ts";
import { signerOf } from "./support/signing.ts";
import { ANNA, BERT, NOW } from "./support/trust-roots.ts";

const STRANGER = signerOf(9);

/** Epoch 7 lets pay up to 80, epoch 8 up to 20. */
const seven = () => bundleOf();
const eight = async () =>
  bundleOf({
    epoch: 8,
    version: 4n,
    facts: await signedFacts({ ...FACTS, settings: { cap: 20 } }, { version: 13n }),
  });

/** What the host lets pay, in one number that changes with every part of what it runs. */
const lets = (host: BundleHost) => [20, 80].filter((amount) => ask(host, amount).verdict === "allow").length;

async function afterEight() {
  const floor = memoryFloor();
  const host = await opened(await eight(), floor);
  expect(lets(host)).toBe(1);
  return { floor, host };
}

const withFiles = (files: BundleFiles, ...changes: readonly (readonly [string, Uint8Array])[]): BundleFiles =>
  new Map([...files, ...changes]);

describe("the four that were made public", () => {
  test("an older signed bundle after a newer one", async () => {
    const { floor, host } = await afterEight();
    const older = await seven();
    expect(codeOf(await host.replace(older, await newsOf(older)))).toBe("epoch.rolled_back");
    expect(lets(host)).toBe(1);
    // Nor after a restart, when nothing is in memory that knows better.
    expect(codeOf(await load(older, floor))).toBe("epoch.rolled_back");
  });

  test("an unsigned delta onto a signed bundle", async () => {
    const { host } = await afterEight();
    const files = await eight();
    const news = await newsOf(files);
    const richer = utf8(JSON.stringify({ ...FACTS, settings: { cap: 1000 } }));
    for (const [delta, code] of [
      // As a delta: some files, or what a set without a bundle would take.
      [new Map([["facts.json", richer]]), "bundle.unsigned"],
      [{ facts: richer }, "bundle.delta"],
      [{ members: [] }, "bundle.delta"],
      // Laid over the bundle that was signed.
      [withFiles(files, ["facts.json", richer]), "bundle.altered"],
      [withFiles(files, ["sources/more.pol", utf8("polity 1")]), "bundle.extra"],
      [withFiles(files, ["evaluators/more.wasm", files.get("evaluators/pays.wasm")!]), "bundle.extra"],
    ] as const) {
      expect(codeOf(await host.replace(delta as BundleFiles, news))).toBe(code);
      expect(lets(host)).toBe(1);
    }
    expect("facts" in host.replace || "replaceFacts" in host).toBe(false);
  });

  test("unsigned content where a key id was left out of the configuration", async () => {
    const files = await eight();
    const unsigned = await bundleOf({ epoch: 9 }, []);
    const stranger = await bundleOf({ epoch: 9 }, [STRANGER]);
    const { policy } = BUNDLE_ROOT;
    const without = {
      "no trust root": undefined,
      "no policy role": { ...BUNDLE_ROOT, policy: undefined },
      "no keys": { ...BUNDLE_ROOT, policy: { ...policy, keys: [] } },
      "keys left out": { ...BUNDLE_ROOT, policy: { ...policy, keys: undefined } },
      "no threshold": { ...BUNDLE_ROOT, policy: { ...policy, threshold: undefined } },
      "a threshold of none": { ...BUNDLE_ROOT, policy: { ...policy, threshold: 0 } },
    };
    for (const [what, root] of Object.entries(without)) {
      for (const given of [files, unsigned, stranger]) {
        const trust = { ok: true, root, digest: "", path: [] } as never;
        const result = await loadBundle(given, homeOf(memoryFloor()), await newsOf(files, { trust }));
        expect([what, codeOf(result)]).toEqual([what, "trust.invalid"]);
      }
    }
    // The keys are named, and those bytes of them are not there.
    const keyless = { ok: true, root: { ...BUNDLE_ROOT, keys: new Map() }, digest: "", path: [] } as never;
    const result = await loadBundle(files, homeOf(memoryFloor()), await newsOf(files, { trust: keyless }));
    expect(codeOf(result)).toBe("envelope.wrong_key");
    expect(codeOf(await load(unsigned))).toBe("bundle.unsigned");
    expect(codeOf(await load(stranger))).toBe("envelope.wrong_key");
    // Signatures that name no key do not count as signatures of any.
    const { payload, payloadType, signatures } = envelopeOf(files)!;
    const text = encodeEnvelope({ payload, payloadType, signatures });
    const nameless = JSON.parse(text) as { signatures: { keyid?: string }[] };
    for (const signature of nameless.signatures) delete signature.keyid;
    const bare = withFiles(files, ["set.dsse.json", utf8(canonicalJson(nameless))]);
    expect(codeOf(await load(bare, undefined, { freshness: await noteFor(files) }))).toBe(
      "envelope.malformed",
    );
    // Facts are content too.
    const facts = { ...(await signedFacts()), envelope: utf8("") };
    expect(codeOf(await load(await bundleOf({ facts })))).toBe("bundle.facts_unsigned");
  });

  test("a bundle served under another name", async () => {
    const { host } = await afterEight();
    const root = { ...BUNDLE_ROOT, policy: { ...BUNDLE_ROOT.policy, sets: ["payments", "refunds"] } };
    const refunds = await bundleOf({
      name: "refunds",
      epoch: 9,
      facts: await signedFacts(FACTS, { set: "refunds" }),
    });
    const trust = walkOf(root);
    expect(codeOf(await load(refunds, memoryFloor(), { trust }, { set: "refunds" }))).toBe("");
    expect(codeOf(await host.replace(refunds, await newsOf(refunds, { trust })))).toBe("bundle.wrong_name");
    expect(lets(host)).toBe(1);
    // For another place: the same.
    const elsewhere = await bundleOf({ epoch: 9, audience: "eu-2" });
    expect(codeOf(await host.replace(elsewhere, await newsOf(elsewhere)))).toBe("bundle.wrong_audience");
    // Under another file name within the bundle.
    const files = await eight();
    const [guard, pays] = ["evaluators/guard.wasm", "evaluators/pays.wasm"].map((path) => files.get(path)!);
    const swapped = withFiles(files, ["evaluators/guard.wasm", pays!], ["evaluators/pays.wasm", guard!]);
    expect(codeOf(await load(swapped))).toBe("bundle.altered");
  });
});

describe("attacks on updates", () => {
  test("freeze: without news, nothing is permitted for longer than the last note says", async () => {
    const { floor, host } = await afterEight();
    const end = NOW + 600_000;
    expect(ask(host, 20, end - 1).verdict).toBe("allow");
    expect(ask(host, 20, end)).toMatchObject({ verdict: "deny", code: "policy.stale" });
    const files = await eight();
    expect(codeOf(await load(files, floor, { now: end }))).toBe("freshness.expired");
    expect(codeOf(await load(files, floor, { freshness: null }))).toBe("freshness.missing");
    // An old note for the old epoch helps nobody who has the new one, nor the other way round.
    const older = await noteFor(await seven());
    expect(codeOf(await load(files, floor, { freshness: older }))).toBe("freshness.rolled_back");
    const newer = await noteFor(files);
    expect(codeOf(await load(await seven(), memoryFloor(), { freshness: newer }))).toBe("freshness.behind");
  });

  test("mix and match: files of two epochs make no bundle", async () => {
    const [old, young] = [await seven(), await eight()];
    for (const path of ["facts.json", "facts.dsse.json"]) {
      const mixed = withFiles(young, [path, old.get(path)!]);
      expect(codeOf(await load(mixed))).toBe("bundle.altered");
    }
    const manifest = withFiles(young, ["set.dsse.json", old.get("set.dsse.json")!]);
    expect(codeOf(await load(manifest, undefined, await newsOf(old)))).toBe("bundle.altered");
  });

  test("mix and match: so it is with evaluators and sources of another epoch", async () => {
    const texts = { ...SOURCES, "guard.pol": SOURCES["guard.pol"]!.replace("900", "800") };
    const [guard, pays] = [
      await memberOf("guard", "guard.pol", texts),
      await memberOf("pays", "pays.pol", texts),
    ];
    const sources = sourcesFor(["guard.pol", "pays.pol"], texts);
    const [old, young] = [await seven(), await bundleOf({ epoch: 8, members: [guard, pays], sources })];
    expect(codeOf(await load(young))).toBe("");
    const others = [...young.keys()].filter((path) => !equalBytes(young.get(path)!, old.get(path)!));
    expect(others.sort()).toEqual(["evaluators/guard.wasm", "set.dsse.json", "sources/guard.pol"]);
    for (const path of ["evaluators/guard.wasm", "sources/guard.pol"]) {
      expect(codeOf(await load(withFiles(young, [path, old.get(path)!])))).toBe("bundle.altered");
      expect(codeOf(await load(withFiles(old, [path, young.get(path)!])))).toBe("bundle.altered");
      const less = new Map([...young].filter(([name]) => name !== path));
      expect(codeOf(await load(less))).toBe("bundle.missing");
    }
  });

  test("endless data: bounds hold before anything is read", async () => {
    const files = await eight();
    const endless = withFiles(files, ["facts.json", new Uint8Array(1 << 20)]);
    expect(codeOf(await load(endless, undefined, {}, { bytesMax: 1 << 20 }))).toBe("bundle.too_large");
    const archive = writeArchive(files);
    const lying = Uint8Array.from(archive);
    lying.set(utf8("77777777777"), 124);
    expect(readArchive(lying)).toMatchObject({ ok: false, code: "bundle.too_large" });
  });

  test("k of n: one key that signs twice is one signer", async () => {
    const files = await bundleOf({}, [ANNA]);
    const { payload, payloadType, signatures } = envelopeOf(files)!;
    const twice = encodeEnvelope({ payload, payloadType, signatures: [...signatures, ...signatures] });
    const repeated = withFiles(files, ["set.dsse.json", utf8(twice)]);
    expect(codeOf(await load(repeated))).toBe("envelope.threshold");
    const strangers = await bundleOf({}, [ANNA, STRANGER]);
    expect(codeOf(await load(strangers))).toBe("envelope.threshold");
    expect(codeOf(await load(await bundleOf({}, [ANNA, BERT])))).toBe("");
  });

  test("a rollback is an epoch of its own, and signed as one", async () => {
    const { floor, host } = await afterEight();
    const unsaid = await bundleOf({ epoch: 9 });
    expect(codeOf(await host.replace(unsaid, await newsOf(unsaid)))).toBe("bundle.unsaid_rollback");
    expect(lets(host)).toBe(1);
    const said = await bundleOf({ epoch: 9, change: "rollback" });
    expect(codeOf(await host.replace(said, await newsOf(said)))).toBe("");
    expect([lets(host), host.manifest.epoch]).toEqual([2, 9]);
    const back = await eight();
    expect(codeOf(await load(back, floor))).toBe("epoch.rolled_back");
  });

  test("a stolen key alone changes nothing", async () => {
    const { host } = await afterEight();
    const forged = await bundleOf({ epoch: 99 }, [ANNA]);
    expect(codeOf(await host.replace(forged, await newsOf(forged)))).toBe("envelope.threshold");
    const note = await noteFor(await eight(), { untilMs: NOW + 1_800_000 }, [ANNA, BERT]);
    expect(codeOf(host.renew(await newsOf(await eight(), { freshness: note })))).toBe("freshness.threshold");
  });
});
