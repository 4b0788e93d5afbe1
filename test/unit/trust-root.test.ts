/** The document that says whose keys count: one written form, and no key about which verifiers disagree. */
import { encodeBase64 } from "@polity/runtime/base64.ts";
import { issuerKeysOf, logKeysOf } from "@polity/runtime/trust-keys.ts";
import { decodeTrustRoot, encodeTrustRoot, keysOf, type TrustRoot } from "@polity/runtime/trust-root.ts";
import { describe, expect, test } from "vitest";
import { fromHex } from "../support/ed25519-cases.ts";
import { weakKeys } from "../support/ed25519-crafted.ts";
import { jsonMutations } from "../support/json-mutations.ts";
import { ANNA, BERT, CLEO, DORA, idsOf, ONLINE, ROOT, SMALL_ROOT, withKeys } from "../support/trust-roots.ts";

const TEXT = textOf(ROOT);
const LIMITS = ROOT.facts.get("limits")!;

function textOf(root: TrustRoot): string {
  return new TextDecoder().decode(encodeTrustRoot(root));
}

function read(text: string) {
  return decodeTrustRoot(new TextEncoder().encode(text));
}

/** The message of the refusal. */
function refused(text: string): string {
  const decoded = read(text);
  expect(decoded).toMatchObject({ ok: false, code: "trust.malformed" });
  return decoded.ok ? "" : decoded.message;
}

describe("a trust root", () => {
  test.each([
    ["with one of everything", ROOT],
    ["with one key for everything", SMALL_ROOT],
    ["of the last version there is", { ...SMALL_ROOT, version: Number.MAX_SAFE_INTEGER }],
    ["with a name like any", withKeys({ ...SMALL_ROOT, facts: new Map([["__proto__", LIMITS]]) })],
  ])("%s reads back", (_, root) => {
    expect(read(textOf(root))).toEqual({ ok: true, root });
  });

  test("has no white space, and members in the order of their names", () => {
    expect(TEXT).toMatch(/^\{"expires":"2027-11-22T12:00:00Z","facts":\{"directory":\{"entities":\["Team",/);
    expect(TEXT).not.toMatch(/\s/);
  });

  test("gives the keys of a role, and none that it does not have", () => {
    expect([...keysOf(ROOT, idsOf(ANNA, DORA)).keys()]).toEqual(idsOf(ANNA));
  });

  test("gives the keys of a log for trees as large as they may have signed for", () => {
    const [old, present] = [idsOf(CLEO)[0]!, idsOf(ONLINE)[0]!];
    const keysAt = (size: number) => [...logKeysOf(ROOT, "example.com/agents/eu-1", size).keys()].sort();
    expect(keysAt(0)).toEqual([old, present].sort());
    expect(keysAt(1000)).toEqual([old, present].sort());
    expect(keysAt(1001)).toEqual([present]);
    expect(keysAt(Number.MAX_SAFE_INTEGER)).toEqual([present]);
    expect(logKeysOf(ROOT, "example.com/agents/eu-2", 0).size).toBe(0);
  });

  test("gives the keys of a service for what it issues, and for nothing else", () => {
    expect([...issuerKeysOf(ROOT, "containment", "watch").keys()].sort()).toEqual(idsOf(ANNA, CLEO));
    expect([...issuerKeysOf(ROOT, "permit", "gate-1").values()]).toEqual([ONLINE.publicKey]);
    expect(issuerKeysOf(ROOT, "permit", "watch").size).toBe(0);
    expect(issuerKeysOf(ROOT, "approval", "gate-1").size).toBe(0);
    expect(issuerKeysOf(ROOT, "approval", "__proto__").size).toBe(0);
  });

  test("cut anywhere, or with anything after it, is refused", () => {
    for (let length = 0; length < TEXT.length; length += 7) refused(TEXT.slice(0, length));
    for (const more of [" ", "\n", "{}"]) refused(TEXT + more);
    refused(`\ufeff${TEXT}`);
    expect(decodeTrustRoot(Uint8Array.of(0xff)).ok).toBe(false);
    expect(refused(`"${"x".repeat(128 * 1024)}"`)).toMatch(/131072 bytes/);
  });

  test("with any member, value or spelling exchanged is refused or is another one in its one form", () => {
    const small = textOf(SMALL_ROOT);
    let refusals = 0;
    for (const { text, what } of jsonMutations(small)) {
      const decoded = read(text);
      if (decoded.ok) expect([what, textOf(decoded.root)]).toEqual([what, text]);
      else refusals += 1;
    }
    expect(refusals).toBeGreaterThan(1000);
  }, 60_000);
});

const ids = { anna: idsOf(ANNA)[0]!, bert: idsOf(BERT)[0]!, dora: idsOf(DORA)[0]! };
const one = JSON.stringify({ keys: [ids.anna], threshold: 1 });

describe("refused is a trust root", () => {
  const small = JSON.parse(textOf(SMALL_ROOT)) as Record<string, unknown>;

  /** The small root with these members, in canonical form. */
  const withMembers = (members: Readonly<Record<string, unknown>>): string => {
    const all = { ...small, ...members };
    return sorted(all);
  };

  const sorted = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(sorted).join(",")}]`;
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${sorted(member)}`).join(",")}}`;
  };

  test.each([
    ["without a name", { name: "" }, /^name: not 1 to 255/],
    ["of version 0", { version: 0 }, /^version: not in 1\.\.9007199254740991/],
    ["that never expires", { expires: "never" }, /^expires: not RFC 3339/],
    ["with epochs below 0", { minEpoch: -1 }, /^minEpoch: not in 0\.\./],
    ["that nobody can change", { root: { keys: [], threshold: 1 } }, /^root\.keys: not 1 to 128/],
    [
      "with a threshold of 0",
      { root: { keys: [ids.anna], threshold: 0 } },
      /^root\.threshold: not in 1\.\.8/,
    ],
    [
      "with more to sign than keys",
      { root: { keys: [ids.anna], threshold: 2 } },
      /: 2 is more than its keys, 1$/,
    ],
    ["with a key twice", { root: { keys: [ids.anna, ids.anna], threshold: 2 } }, /comes twice/],
    ["with a role's key not there", { root: { keys: [ids.bert], threshold: 1 } }, /is named and not there/],
    ["with a key of no role", { keys: { ...keyJson(ANNA), ...keyJson(BERT) } }, /nobody names it/],
    ["without policy sets", { policy: { ...(small.policy as object), sets: [] } }, /^policy\.sets: not 1 to/],
    ["with notes of no time", { freshness: { ...(small.freshness as object), noteMsMax: 0 } }, /noteMsMax/],
    ["with facts about nothing", factsOf({ entities: [], tables: [] }), /neither entities nor tables/],
    ["with entities of no type", factsOf({ entities: ["a b"], tables: [] }), /entities\[0\]: not a name/],
    ["with settings of no name", settingsOf([]), /^settings\.ops\.settings: not 1 to/],
    ["with a log of no key", { logs: { "a.b": {} } }, /^logs\.a\.b: no keys/],
    ["with a log of another name", { logs: { "a b": { [ids.anna]: null } } }, /neither white space nor/],
    ["with a log up to no size", { logs: { "a.b": { [ids.anna]: -1 } } }, /not in 0\.\./],
    ["with an issuer of no key", issuersOf({ gate: [] }), /^issuers\.permit\.gate\.keys: not 1 to/],
    [
      "with a later kind of issuers that is empty",
      { issuers: { approval: {}, containment: {}, permit: {}, trust: {} } },
      /^issuers\.trust: empty: leave it out/,
    ],
    [
      "without a kind of issuers that was always there",
      { issuers: { approval: {}, attestation: {}, containment: {} } },
      /^issuers: /,
    ],
    ["with an issuer of no name", issuersOf({ "a\nb": [ids.anna] }), /a name is not 1 to 255/],
    ["with one more member", { more: 1 }, /unknown member "more"/],
  ] as const)("%s", (_, members, message) => {
    expect(refused(withMembers(members))).toMatch(message);
  });

  function keyJson({ publicKey }: typeof ANNA): Record<string, string> {
    return { [publicKey.id]: encodeBase64(publicKey.bytes) };
  }

  function factsOf(members: object): Record<string, unknown> {
    return { facts: { directory: { ...JSON.parse(one), ...members } } };
  }

  function settingsOf(settings: readonly string[]): Record<string, unknown> {
    return { settings: { ops: { ...JSON.parse(one), settings } } };
  }

  function issuersOf(permit: object): Record<string, unknown> {
    return { issuers: { approval: {}, containment: {}, permit } };
  }

  test("whose key is another one than its id says", () => {
    const text = TEXT.replace(encodeBase64(ANNA.publicKey.bytes), encodeBase64(DORA.publicKey.bytes));
    expect(refused(text)).toBe(`${ids.anna} is the key ${ids.dora}`);
  });

  test("whose key has too few bytes, or another spelling", () => {
    const written = encodeBase64(ANNA.publicKey.bytes);
    refused(TEXT.replace(written, written.slice(4)));
    refused(TEXT.replace(written, `${written.slice(0, -2)}9=`));
  });

  test.each(weakKeys().map(({ publicKey }) => publicKey))("with a weak key: %s", (hex) => {
    const bytes = fromHex(hex);
    const decoded = read(TEXT.replace(encodeBase64(ANNA.publicKey.bytes), encodeBase64(bytes)));
    expect(decoded).toMatchObject({ ok: false, code: "trust.weak_key" });
  });
});

test("what would be refused is not written", () => {
  const bad: readonly TrustRoot[] = [
    { ...SMALL_ROOT, version: 0 },
    { ...SMALL_ROOT, version: 1.5 },
    { ...SMALL_ROOT, name: "a\nb" },
    { ...SMALL_ROOT, keys: new Map([...SMALL_ROOT.keys, [idsOf(ONLINE)[0]!, ONLINE.publicKey]]) },
    { ...ROOT, root: { keys: idsOf(ANNA, BERT, CLEO).toReversed(), threshold: 2 } },
    { ...SMALL_ROOT, expiresMs: Number.NaN },
  ];
  for (const root of bad) expect(() => encodeTrustRoot(root)).toThrow();
});
