/** A set is let in whole, each member under an envelope that says its policy's name, or not at all. */
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { generateKey, nodeSigner } from "@polity/lineage/node/crypto.ts";
import { digestName, sha256 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import {
  type HostOptions,
  loadSet,
  type MemberModule,
  type SetHost,
  type SetTrust,
  type Signer,
  signEvaluator,
} from "@polity/runtime/index.ts";
import type { EvaluatorStatement } from "@polity/runtime/statement.ts";
import { beforeAll, describe, expect, test } from "vitest";

const NOW = 1_795_000_000_000;
const DAY = 86_400_000;
const FACTS = '{"entities":[{"type":"Agent","id":"a"}]}';

const HEAD = "entity Agent\nsubject agent: Agent\n";
const PAY = `${HEAD}action pay { amount: int }\n`;
const SOURCES = {
  grants: `polity 1\npolicy acme.grants version 1\n${PAY}allow all on pay when amount < 100\n`,
  limits: `polity 1\nguard acme.limits version 1\n${PAY}deny large on pay when amount > 50\n`,
  zones: `polity 1\nguard acme.zones version 1\n${HEAD}deny a on * when agent == Agent::"a" and trust == 0\n`,
};
type Name = keyof typeof SOURCES;
const NAMES = Object.keys(SOURCES) as readonly Name[];

interface Built {
  readonly wasm: Uint8Array;
  readonly statement: EvaluatorStatement;
}

const built = new Map<string, Built>();
let signer: Signer;
let trust: SetTrust;

function newSigner(): Signer {
  const made = nodeSigner(generateKey().privatePem);
  if (!made.ok) throw new Error(made.message);
  return made.signer;
}

async function build(text: string): Promise<Built> {
  const known = built.get(text);
  if (known !== undefined) return known;
  const { value, diagnostics } = compile({ file: "a.pol", text });
  if (value === null) throw new Error(JSON.stringify(diagnostics));
  const { wasm, manifest } = await buildEvaluator(value);
  const { policy, abi, sources } = manifest;
  const term = { audience: null, validFromMs: NOW - DAY, validUntilMs: NOW + DAY };
  const one = { wasm, statement: { ...policy, digest: digestName(sha256(wasm)), abi, sources, ...term } };
  built.set(text, one);
  return one;
}

beforeAll(async () => {
  signer = newSigner();
  trust = {
    keys: [signer.publicKey],
    members: NAMES.map((name) => ({ name, policy: `acme.${name}` })),
  };
});

async function member(
  name: Name,
  change: Partial<EvaluatorStatement> = {},
  { by = [signer], text = SOURCES[name] }: { by?: readonly Signer[]; text?: string } = {},
): Promise<MemberModule> {
  const { wasm, statement } = await build(text);
  return { name, wasm, envelope: await signEvaluator({ ...statement, ...change }, by) };
}

function all(): Promise<MemberModule[]> {
  return Promise.all(NAMES.map((name) => member(name)));
}

function load(members: readonly MemberModule[], change: Partial<SetTrust> = {}, options: HostOptions = {}) {
  return loadSet(members, { ...trust, ...change }, NOW, { facts: FACTS, ...options });
}

async function opened(members?: readonly MemberModule[], change: Partial<SetTrust> = {}): Promise<SetHost> {
  const loaded = await load(members ?? (await all()), change);
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  return loaded.set;
}

async function refusal(members: readonly MemberModule[], change: Partial<SetTrust> = {}): Promise<string> {
  const loaded = await load(members, change);
  return loaded.ok ? "" : `${loaded.code} ${loaded.member}`;
}

async function withMember(name: Name, other: Partial<MemberModule>): Promise<MemberModule[]> {
  return (await all()).map((one) => (one.name === name ? { ...one, ...other } : one));
}

function headerAt(now: number): Header {
  const far = 9 * DAY;
  const times = { now, policyFrom: NOW - far, policyUntil: NOW + far, factsUntil: NOW + far };
  return { ...times, containment: { state: "free", readAt: now }, trust: 500, approvals: [] };
}

function ask(set: SetHost, amount: number, now = NOW) {
  return set.decide("pay", { agent: "a", amount }, headerAt(now));
}

describe("a set whose members are signed", () => {
  test("decides, and says of whom it consists", async () => {
    const set = await opened();
    expect(ask(set, 5)).toMatchObject({ verdict: "allow", rules: ["grants/all"] });
    expect(ask(set, 60)).toMatchObject({ verdict: "deny", rules: ["grants/all", "limits/large"] });
    expect(set.members.map(({ name, validity }) => [name, validity])).toEqual(
      NAMES.map((name) => [name, { fromMs: NOW - DAY, untilMs: NOW + DAY }]),
    );
  });

  test("gives the same bytes in whatever order its members come", async () => {
    const given = await all();
    const backwards = { members: [...trust.members].reverse() };
    const sets = [await opened(given), await opened([...given].reverse(), backwards)];
    for (const amount of [5, 60, 200]) {
      const [one, other] = sets.map((set) => JSON.stringify(ask(set, amount)));
      expect(one).toBe(other);
    }
  });

  test("outlives none of them: one that is over denies, even if it does not judge", async () => {
    for (const name of ["grants", "zones"] as const) {
      const members = (await all()).filter((one) => one.name !== name);
      const set = await opened([...members, await member(name, { validUntilMs: NOW + 10 })]);
      expect(ask(set, 5, NOW + 9).verdict).toBe("allow");
      expect(ask(set, 5, NOW + 10)).toMatchObject({ verdict: "deny", code: "policy.stale" });
    }
  });

  test("counts no shadow, and who is one is said by whom it trusts", async () => {
    const members = trust.members.map((one) => ({ ...one, shadow: one.name === "limits" }));
    const set = await opened(undefined, { members });
    expect(ask(set, 60)).toMatchObject({ verdict: "allow" });
    expect(ask(set, 60).members.find(({ name }) => name === "limits")?.decision.verdict).toBe("deny");
    const given = (await all()).map((one) => ({ ...one, shadow: true }));
    expect(ask(await opened(given), 60)).toMatchObject({ verdict: "deny" });
  });
});

describe("is refused whole", () => {
  test("where a member is missing, surplus or given twice", async () => {
    const given = await all();
    expect(await refusal(given.slice(1))).toBe("set.missing grants");
    expect(await refusal([])).toBe("set.missing grants");
    expect(await refusal([...given, { ...given[0]!, name: "more" }])).toBe("set.members null");
    expect(await refusal([...given, given[0]!])).toBe("set.name null");
    expect(await refusal(given, { members: [] })).toBe("set.members null");
    const twice = { members: [...trust.members, trust.members[0]!] };
    expect(await refusal(given, twice)).toBe("set.name null");
  });

  test("where an envelope is missing, of another member, or of somebody else", async () => {
    const [grants, limits] = await all();
    const { envelope: _, ...unsigned } = limits!;
    expect(await refusal([grants!, unsigned, await member("zones")])).toBe("envelope.unsigned limits");
    const { envelope } = grants!;
    expect(await refusal(await withMember("limits", { envelope: envelope! }))).toBe(
      "envelope.altered limits",
    );
    const stranger = await member("limits", {}, { by: [newSigner()] });
    expect(await refusal(await withMember("limits", stranger))).toBe("envelope.wrong_key limits");
  });

  test("where members have changed places, down to a guard as the policy", async () => {
    const [grants, limits, zones] = await all();
    const swapped = [{ ...limits!, name: "grants" }, { ...grants!, name: "limits" }, zones!];
    expect(await refusal(swapped)).toBe("envelope.wrong_name grants");
    const twice = [grants!, { ...zones!, name: "limits" }, zones!];
    expect(await refusal(twice)).toBe("envelope.wrong_name limits");
  });

  test("where one member is over, not yet valid or for another place", async () => {
    for (const [change, code] of [
      [{ validUntilMs: NOW }, "envelope.expired zones"],
      [{ validFromMs: NOW + 1 }, "envelope.not_yet_valid zones"],
      [{ audience: "prod" }, "envelope.wrong_audience zones"],
    ] as const) {
      expect(await refusal(await withMember("zones", await member("zones", change)))).toBe(code);
    }
    expect(await refusal(await all(), { audience: "prod" })).toBe("envelope.wrong_audience grants");
  });

  test("where one has too few signatures", async () => {
    const second = newSigner();
    const both = { keys: [signer.publicKey, second.publicKey], threshold: 2 };
    const by = [signer, second];
    const given = await Promise.all(NAMES.map((name) => member(name, {}, { by })));
    expect(await refusal(given, both)).toBe("");
    const less = given.map((one, at) => (at === 2 ? member("zones") : one));
    expect(await refusal(await Promise.all(less), both)).toBe("envelope.threshold zones");
  });

  test("where members disagree, an obligation is unknown or the facts are not theirs", async () => {
    const wider = SOURCES.limits.replace("amount: int", "amount: int 0..60");
    expect(await refusal(await withMember("limits", await member("limits", {}, { text: wider })))).toBe(
      "set.action null",
    );
    const asks = "obligation tell { }\ndeny asks on pay when amount > 40 oblige tell { }\n";
    const obliging = SOURCES.limits + asks;
    const imposing = await withMember("limits", await member("limits", {}, { text: obliging }));
    expect(await refusal(imposing)).toBe("load.obligation limits");
    const told = await load(imposing, {}, { obligations: [{ name: "tell", arguments: {} }] });
    expect(told.ok).toBe(true);
    const loaded = await loadSet(await all(), trust, NOW, { facts: '{"entities":[]}' });
    expect(loaded).toMatchObject({ ok: false, code: "facts.missing_entity", member: "zones" });
  });

  test("where the trust is none", async () => {
    const given = await all();
    for (const [wrong, code] of [
      [null, "set.members"],
      [{ ...trust, members: [null] }, "set.name"],
      [{ ...trust, members: [{ name: "grants" }] }, "trust.invalid"],
      [{ ...trust, keys: [] }, "trust.invalid"],
      [{ ...trust, threshold: 2 }, "trust.invalid"],
    ] as const) {
      const few = given.filter(({ name }) => name === "grants");
      const members = code === "trust.invalid" && wrong.members.length === 1 ? few : given;
      const loaded = await loadSet(members, wrong as unknown as SetTrust, NOW, { facts: FACTS });
      expect(loaded).toMatchObject({ ok: false, code });
    }
    expect(await loadSet(given, trust, Number.NaN)).toMatchObject({ ok: false, code: "trust.invalid" });
  });
});

describe("a replacement", () => {
  test("replaces every member or none", async () => {
    const set = await opened();
    const text = SOURCES.grants.replace("100", "10");
    const narrow = await member("grants", {}, { text });
    const expired = await member("zones", { validUntilMs: NOW });
    const rest = [narrow, { name: "limits" }];
    const replaced = (members: readonly MemberModule[]) => set.replace({ members, now: NOW });
    expect(await replaced([...rest, expired])).toMatchObject({ code: "envelope.expired", member: "zones" });
    expect(await replaced(rest)).toMatchObject({ code: "set.missing", member: "zones" });
    const { envelope: _, ...unsigned } = narrow;
    expect(await replaced([unsigned, { name: "limits" }, { name: "zones" }])).toMatchObject({
      code: "envelope.unsigned",
      member: "grants",
    });
    expect(ask(set, 40).verdict).toBe("allow");
    expect(await replaced([...rest, { name: "zones" }])).toEqual({ ok: true });
    expect(ask(set, 40)).toMatchObject({ verdict: "deny", code: "no_rule" });
  });

  test("of an envelope renews it", async () => {
    const set = await opened();
    const later = NOW + DAY;
    expect(ask(set, 5, later).code).toBe("policy.stale");
    const renewed = await Promise.all(
      NAMES.map(async (name) => {
        const { envelope } = await member(name, { validUntilMs: later + DAY });
        return { name, envelope: envelope! };
      }),
    );
    expect(await set.replace({ members: renewed.slice(0, 2).concat(renewed[0]!), now: later })).toMatchObject(
      {
        code: "set.name",
      },
    );
    expect(await set.replace({ members: renewed, now: later })).toEqual({ ok: true });
    expect(ask(set, 5, later).verdict).toBe("allow");
  });

  test("leaves a decision that runs what it began with", async () => {
    const set = await opened();
    const facts = set.facts;
    let swap: Promise<unknown> = Promise.resolve();
    const fields = {
      agent: "a",
      get amount() {
        swap = set.replace({ facts: '{"entities":[{"type":"Agent","id":"a"},{"type":"Agent","id":"b"}]}' });
        return 5;
      },
    };
    // A getter is no data: whatever it does, the request is refused, by the set as it was.
    expect(set.decide("pay", fields, headerAt(NOW))).toMatchObject({ verdict: "deny" });
    expect(set.facts).toBe(facts);
    await swap;
    expect(ask(set, 5).verdict).toBe("allow");
  });

  test("copies what it is given", async () => {
    const given = await all();
    const loading = load(given);
    for (const { wasm } of given) wasm!.fill(0);
    built.clear();
    expect((await loading).ok).toBe(true);
  });
});
