/** A host of bundles: what it lets in, what it keeps, and until when it decides. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { type BundleFiles, type BundleHome, loadBundle } from "@polity/runtime/bundle.ts";
import { makeBundle } from "@polity/runtime/bundle-write.ts";
import { describe, expect, test } from "vitest";
import {
  ask,
  codeOf,
  headerAt,
  homeOf,
  load,
  memoryFloor,
  newsOf,
  noteFor,
  opened,
  WALK,
  walkOf,
} from "../support/bundle-host.ts";
import {
  BUNDLE_ROOT,
  bundleOf,
  bundleParts,
  FACTS,
  memberOf,
  SOURCES,
  signedFacts,
  sourcesFor,
} from "../support/bundles.ts";
import { ANNA, BERT, CLEO, following, idsOf, NOW, ONLINE } from "../support/trust-roots.ts";

const MINUTE = 60_000;

/** The next version of the set, in which the cap is 20. */
async function next(epoch: number, version = 4n, change: "activation" | "rollback" = "activation") {
  const facts = await signedFacts({ ...FACTS, settings: { cap: 20 } }, { version: 13n });
  return bundleOf({ epoch, version, change, facts });
}

describe("a bundle that is let in", () => {
  test("decides as its set, and says what it is", async () => {
    const host = await opened(await bundleOf());
    expect(ask(host, 80)).toMatchObject({ verdict: "allow", rules: ["pays/small"] });
    expect(ask(host, 81)).toMatchObject({ verdict: "deny", code: "no_rule" });
    expect(ask(host, 901)).toMatchObject({ verdict: "deny", rules: ["guard/huge"] });
    expect(host).toMatchObject({ manifest: { name: "payments", epoch: 7, version: 3n }, signers: [{}, {}] });
    expect(host.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(host.members.map(({ name, shadow }) => [name, shadow])).toEqual([
      ["guard", false],
      ["pays", false],
    ]);
    expect(host.request("pay", { agent: "a", amount: 1 })).toMatchObject({ ok: true });
    await host.ready();
  });

  test("takes its members' places and shadows from the manifest", async () => {
    const guard = await memberOf("guard", "guard.pol");
    const members = [{ ...guard, shadow: true }, await memberOf("pays", "pays.pol")];
    const host = await opened(await bundleOf({ members }));
    expect(ask(host, 901)).toMatchObject({ verdict: "deny", code: "no_rule", rules: [] });
    expect(host.members[0]).toMatchObject({ name: "guard", shadow: true });
  });

  test("has its epoch on the disk before anything decides", async () => {
    const floor = memoryFloor();
    await opened(await bundleOf(), floor);
    expect(floor.written).toMatchObject([{ set: "payments", audience: "eu-1", epoch: 7, rootVersion: 1 }]);
    const failing = { ...memoryFloor(), write: async () => Promise.reject(new Error("no space")) };
    expect(await load(await bundleOf(), failing)).toMatchObject({
      code: "bundle.not_kept",
      message: "the epoch floor cannot be written: no space",
    });
    const unread = { ...memoryFloor(), read: async () => Promise.reject("gone") };
    expect(codeOf(await load(await bundleOf(), unread))).toBe("bundle.not_kept");
  });

  test("comes back after a restart, as the very same and no other", async () => {
    const floor = memoryFloor();
    const files = await bundleOf();
    await opened(files, floor);
    await opened(files, floor);
    expect(codeOf(await load(await bundleOf({ version: 4n }), floor))).toBe("epoch.forked");
    expect(codeOf(await load(await bundleOf({ epoch: 6 }), floor))).toBe("epoch.rolled_back");
  });

  test("needs news that say so", async () => {
    const files = await bundleOf();
    const refusal = async (freshness: string | null, now = NOW) =>
      codeOf(await load(files, undefined, { freshness, now }));
    expect(await refusal(null)).toBe("freshness.missing");
    expect(await refusal(await noteFor(files, {}, [ANNA]))).toBe("freshness.threshold");
    expect(await refusal(await noteFor(await next(8)))).toBe("freshness.behind");
    expect(await refusal(await noteFor(await next(7)))).toBe("freshness.forked");
    expect(await refusal(await noteFor(files), NOW + 10 * MINUTE)).toBe("freshness.expired");
  });

  test("never throws, whatever comes", async () => {
    const files = await bundleOf();
    const news = await newsOf(files);
    const home = homeOf(memoryFloor());
    const odd = (value: unknown) => value as never;
    expect(codeOf(await loadBundle(odd(null), home, news))).toBe("bundle.delta");
    expect(codeOf(await loadBundle(files, odd(null), news))).toBe("load.trap");
    expect(codeOf(await loadBundle(files, home, odd(null)))).toBe("trust.invalid");
    expect(codeOf(await loadBundle(files, home, { ...news, trust: odd({ root: {} }) }))).toBe(
      "trust.invalid",
    );
    expect(codeOf(await loadBundle(files, odd({ ...home, set: 7 }), news))).toBe("trust.invalid");
    const mine = {
      get: () => {
        throw new Error("no");
      },
    };
    const trust = new Proxy({}, mine);
    expect(codeOf(await loadBundle(files, home, { ...news, trust: odd(trust) }))).toBe("load.trap");
  });

  test("is refused where its members do not fit together, or its facts do not fit them", async () => {
    const other = {
      ...SOURCES,
      "shared/types.pol": SOURCES["shared/types.pol"]!.replace("0..1000", "0..2000"),
    };
    const members = [await memberOf("guard", "guard.pol", other), await memberOf("pays", "pays.pol")];
    expect(
      await load(
        await bundleOf({ members: members.map((one) => ({ ...one, source: null })), sources: new Map() }),
      ),
    ).toMatchObject({ code: "set.action" });
    const bare = { ...FACTS, entities: [{ type: "Agent", id: "a" }] };
    const facts = await signedFacts(bare);
    expect(await load(await bundleOf({ facts }))).toMatchObject({
      code: "facts.missing_attribute",
      member: "guard",
    });
  });
});

describe("a replacement", () => {
  test("is kept before it decides, and nothing of what is refused", async () => {
    const floor = memoryFloor();
    const host = await opened(await bundleOf(), floor);
    const eight = await next(8);
    let calls = 0;
    const keep = async () => {
      calls += 1;
      expect([host.manifest.epoch, floor.written.at(-1)?.epoch]).toEqual([7, 7]);
    };
    const half = new Map([...eight].filter(([path]) => path !== "facts.json"));
    const stranger = await bundleOf({ epoch: 8 }, [ANNA]);
    expect(codeOf(await host.replace(half, await newsOf(eight), keep))).not.toBe("");
    expect(codeOf(await host.replace(stranger, await newsOf(stranger), keep))).not.toBe("");
    const unsaid = await newsOf(eight, { freshness: null });
    expect(codeOf(await host.replace(eight, unsaid, keep))).toBe("freshness.missing");
    expect(calls).toBe(0);
    const full = () => Promise.reject(new Error("no space"));
    expect(await host.replace(eight, await newsOf(eight), full)).toMatchObject({
      code: "bundle.not_kept",
      message: "what decides cannot be kept: no space",
    });
    expect([host.manifest.epoch, floor.written.length]).toEqual([7, 1]);
    expect(codeOf(await host.replace(eight, await newsOf(eight), keep))).toBe("");
    expect([calls, host.manifest.epoch]).toEqual([1, 8]);
  });

  test("is whole: members, facts and epoch at once", async () => {
    const floor = memoryFloor();
    const host = await opened(await bundleOf(), floor);
    const files = await next(8);
    expect(await host.replace(files, await newsOf(files))).toEqual({ ok: true });
    expect([ask(host, 20).verdict, ask(host, 21).verdict, host.manifest.epoch]).toEqual(["allow", "deny", 8]);
    expect(floor.written.at(-1)).toMatchObject({ epoch: 8, digest: host.digest });
  });

  test("or not at all", async () => {
    const floor = memoryFloor();
    const host = await opened(await bundleOf(), floor);
    const { digest } = host;
    const files = await next(8);
    const without = (path: string) => new Map([...files].filter(([one]) => one !== path));
    for (const [given, code] of [
      [await next(6), "epoch.rolled_back"],
      [without("evaluators/guard.wasm"), "bundle.missing"],
      [without("facts.json"), "bundle.missing"],
      [without("set.dsse.json"), "bundle.unsigned"],
      [new Map(), "bundle.unsigned"],
      [{ facts: "{}" } as unknown as BundleFiles, "bundle.delta"],
    ] as const) {
      expect(await host.replace(given, await newsOf(files))).toMatchObject({ ok: false, code });
      expect([host.digest, ask(host, 80).verdict]).toEqual([digest, "allow"]);
    }
    expect(floor.written).toHaveLength(1);
    expect(await host.replace(files, await newsOf(files))).toEqual({ ok: true });
  });

  test("takes its turn, and each is judged after those before", async () => {
    const host = await opened(await bundleOf());
    const [eight, nine] = [await next(8), await next(9)];
    const results = [
      host.replace(nine, await newsOf(nine)),
      host.replace(eight, await newsOf(eight)),
      host.replace(nine, await newsOf(nine)),
    ];
    expect((await Promise.all(results)).map(codeOf)).toEqual(["", "epoch.rolled_back", ""]);
    expect(host.manifest.epoch).toBe(9);
  });

  test("may add members, take them away and make shadows of them", async () => {
    const host = await opened(await bundleOf());
    const members = [await memberOf("pays", "pays.pol")];
    const files = await bundleOf({ epoch: 8, members, sources: sourcesFor(["pays.pol"]) });
    expect(codeOf(await host.replace(files, await newsOf(files)))).toBe("");
    expect(host.members.map(({ name }) => name)).toEqual(["pays"]);
  });

  test("follows a trust root that was rotated, and no older one", async () => {
    const floor = memoryFloor();
    const host = await opened(await bundleOf(), floor);
    const second = following(BUNDLE_ROOT, { minEpoch: 9 });
    const trust = walkOf(BUNDLE_ROOT, second);
    const [eight, nine] = [await next(8), await next(9)];
    expect(codeOf(await host.replace(eight, await newsOf(eight, { trust })))).toBe("epoch.below_minimum");
    expect(codeOf(await host.replace(nine, await newsOf(nine, { trust })))).toBe("");
    const ten = await next(10);
    expect(codeOf(await host.replace(ten, await newsOf(ten)))).toBe("epoch.root_rolled_back");
    expect(codeOf(await load(ten, floor, { trust: WALK }))).toBe("epoch.root_rolled_back");
  });
});

test("what goes back to an older version has to say so, whatever part of it goes back", async () => {
  const newer = Object.fromEntries(
    Object.entries(SOURCES).map(([file, text]) => [
      file,
      text.replace("acme.guard version 1", "acme.guard version 2"),
    ]),
  );
  const members = [await memberOf("guard", "guard.pol", newer), await memberOf("pays", "pays.pol")];
  const sources = sourcesFor(["guard.pol", "pays.pol"], newer);
  const host = await opened(await bundleOf({ members, sources }));
  const back = await bundleOf({ epoch: 8, version: 4n });
  expect(await host.replace(back, await newsOf(back))).toMatchObject({
    code: "bundle.unsaid_rollback",
    message: "the policy of guard has version 1 after version 2, which nobody signed as a rollback",
  });
  const older = await bundleOf({ epoch: 8, version: 2n, members, sources });
  expect(await host.replace(older, await newsOf(older))).toMatchObject({
    message: "the set has version 2 after version 3, which nobody signed as a rollback",
  });
  const facts = await signedFacts(FACTS, { version: 11n });
  const stale = await bundleOf({ epoch: 8, members, sources, facts });
  expect(await host.replace(stale, await newsOf(stale))).toMatchObject({
    message: "the snapshot of facts has version 11 after version 12, which nobody signed as a rollback",
  });
  const said = await bundleOf({ epoch: 9, version: 4n, change: "rollback" });
  expect(await host.replace(said, await newsOf(said))).toEqual({ ok: true });
});

describe("what was active is known to whoever starts anew", () => {
  const older = () => bundleOf({ epoch: 8, version: 2n });

  test("and nothing goes back unsaid because a process ended", async () => {
    const floor = memoryFloor();
    await opened(await bundleOf(), floor);
    expect(floor.written.at(-1)?.versions).toEqual({
      set: 3n,
      members: [
        { name: "guard", policy: "acme.guard", version: 1n },
        { name: "pays", policy: "acme.pays", version: 1n },
      ],
      facts: 12n,
    });
    expect(await load(await older(), floor)).toMatchObject({
      code: "bundle.unsaid_rollback",
      message: "the set has version 2 after version 3, which nobody signed as a rollback",
    });
    expect(codeOf(await load(await bundleOf({ epoch: 8, version: 2n, change: "rollback" }), floor))).toBe("");
    expect(floor.written.at(-1)?.versions?.set).toBe(2n);
  });

  test("also to a process that was running while another one activated something", async () => {
    const floor = memoryFloor();
    const host = await opened(await bundleOf(), floor);
    expect(codeOf(await load(await bundleOf({ epoch: 8, version: 9n }), floor))).toBe("");
    const between = await bundleOf({ epoch: 9, version: 5n });
    expect(codeOf(await host.replace(between, await newsOf(between)))).toBe("bundle.unsaid_rollback");
  });

  test("a floor that knows no versions learns them with the next start", async () => {
    const floor = memoryFloor();
    await opened(await bundleOf(), floor);
    const forgetful = memoryFloor({ ...floor.written.at(-1)!, versions: null });
    await opened(await bundleOf(), forgetful);
    expect(forgetful.written).toEqual([floor.written.at(-1)]);
    expect(codeOf(await load(await older(), forgetful))).toBe("bundle.unsaid_rollback");
  });

  test("and is forgotten where the floor begins anew, since a stolen key may have signed any", async () => {
    const floor = memoryFloor();
    await opened(await bundleOf({ version: 9_223_372_036_854_775_807n }), floor);
    const second = following(BUNDLE_ROOT, { policy: { ...BUNDLE_ROOT.policy, keys: idsOf(ANNA, CLEO) } });
    const trust = walkOf(BUNDLE_ROOT, second);
    const next = await bundleOf({ epoch: 8 }, [ANNA, CLEO]);
    expect(codeOf(await load(next, floor, { trust }))).toBe("");
    expect(floor.written.at(-1)?.versions?.set).toBe(3n);
  });
});

describe("how long it decides", () => {
  test("is said by the note, whatever the caller's header says", async () => {
    const host = await opened(await bundleOf());
    expect(ask(host, 5, NOW + 10 * MINUTE - 1).verdict).toBe("allow");
    expect(ask(host, 5, NOW + 10 * MINUTE)).toMatchObject({ verdict: "deny", code: "policy.stale" });
    expect(ask(host, 5, NOW - 1)).toMatchObject({ verdict: "deny", code: "policy.stale" });
    const header = { ...headerAt(NOW), policyUntil: NOW - 1 };
    expect(host.decide("pay", { agent: "a", amount: 5 }, header)).toMatchObject({ code: "policy.stale" });
    expect(host.headerOf(headerAt(NOW))).toMatchObject({
      policyFrom: NOW,
      policyUntil: NOW + 10 * MINUTE - 1,
    });
  });

  test("repairs no header", async () => {
    const host = await opened(await bundleOf());
    const { policyUntil: _, ...lacking } = headerAt(NOW);
    for (const header of [
      null,
      undefined,
      7,
      {},
      lacking,
      { ...headerAt(NOW), policyUntil: Number.POSITIVE_INFINITY },
      { ...headerAt(NOW), policyUntil: "9999999999999" },
    ]) {
      const { verdict, code } = host.decide("pay", { agent: "a", amount: 5 }, header as never);
      expect([verdict, code]).toEqual(["deny", expect.stringMatching(/^input\./)]);
    }
  });

  test("grows with each note, and with no older one", async () => {
    const files = await bundleOf();
    const host = await opened(files);
    const later = NOW + 9 * MINUTE;
    const longer = await noteFor(files, { fromMs: later, untilMs: later + 10 * MINUTE });
    expect(host.renew(await newsOf(files, { freshness: longer, now: later }))).toEqual({ ok: true });
    expect(ask(host, 5, NOW + 15 * MINUTE).verdict).toBe("allow");
    expect(host.renew(await newsOf(files, { now: later }))).toEqual({ ok: true });
    expect(ask(host, 5, NOW + 15 * MINUTE).verdict).toBe("allow");
    const behind = await noteFor(await next(8));
    expect(host.renew(await newsOf(files, { freshness: behind }))).toMatchObject({
      code: "freshness.behind",
    });
    expect(host.renew(null as never)).toMatchObject({ code: "load.trap" });
    const rotated = await opened(files, memoryFloor(), walkOf(BUNDLE_ROOT, following(BUNDLE_ROOT, {})));
    expect(rotated.renew(await newsOf(files))).toMatchObject({ code: "epoch.root_rolled_back" });
    expect(ask(host, 5, NOW + 15 * MINUTE).verdict).toBe("allow");
  });

  test("is longer where host and trust root say so, and no longer than either", async () => {
    const files = await bundleOf();
    const within = async (forMs: number, at: number) => {
      const whenStale: BundleHome["whenStale"] = { kind: "continue", forMs };
      const loaded = await load(files, undefined, {}, { whenStale });
      return loaded.ok ? ask(loaded.host, 5, NOW + at * MINUTE).verdict : loaded.code;
    };
    expect(await within(5 * MINUTE, 14.99)).toBe("allow");
    expect(await within(5 * MINUTE, 15)).toBe("deny");
    expect(await within(60 * MINUTE, 19.99)).toBe("allow");
    expect(await within(60 * MINUTE, 20)).toBe("deny");
    const whenStale = { kind: "continue", forMs: 5 * MINUTE } as const;
    expect(codeOf(await load(files, undefined, { now: NOW + 14 * MINUTE }, { whenStale }))).toBe("");
    expect(codeOf(await load(files, undefined, { now: NOW + 15 * MINUTE }, { whenStale }))).toBe(
      "freshness.expired",
    );
  });

  test("ends with the set, and with the facts", async () => {
    const soon = { validUntilMs: NOW + MINUTE };
    const host = await opened(await bundleOf(soon));
    expect(ask(host, 5, NOW + MINUTE - 1).verdict).toBe("allow");
    expect(ask(host, 5, NOW + MINUTE)).toMatchObject({ verdict: "deny", code: "policy.stale" });
    const stale = await opened(await bundleOf({ facts: await signedFacts(FACTS, soon) }));
    expect(ask(stale, 5, NOW + MINUTE - 1).verdict).toBe("allow");
    expect(ask(stale, 5, NOW + MINUTE)).toMatchObject({ verdict: "deny", code: "facts.stale" });
  });
});

test("the same parts are the same bytes", async () => {
  const parts = await bundleParts();
  const [one, other] = [parts, { ...parts, members: [...parts.members].reverse() }].map((given) =>
    makeBundle(given, nodeCrypto.sha256),
  );
  expect([...one!.get("set.statement.json")!]).toEqual([...other!.get("set.statement.json")!]);
});

test("who signs in which order makes no difference", async () => {
  const [one, other] = [await bundleOf({}, [ANNA, BERT]), await bundleOf({}, [CLEO, BERT, ANNA])];
  expect(await load(one)).toMatchObject({ ok: true });
  expect(await load(other)).toMatchObject({ ok: true });
  expect(ONLINE.publicKey.id).not.toBe(ANNA.publicKey.id);
});
