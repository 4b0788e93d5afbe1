import { createHmac, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  type CommitResult,
  checkOpening,
  commitRequest,
  decodeOpening,
  encodeOpening,
  eraseFields,
  type Opening,
  type RequestCommitment,
  SALT_BYTES,
  SENSITIVE_MAX,
} from "@polity/lineage/commitment.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import { describe, expect, test } from "vitest";

type Committed = Extract<CommitResult, { readonly ok: true }>;

type Random = (count: number) => Uint8Array;

function commit(request: unknown, pointers: readonly string[] = [], random: Random = randomBytes): Committed {
  const result = commitRequest(canonicalJson(request), pointers, random);
  if (!result.ok) throw new Error(result.message);
  return result;
}

/** The contract's formula, by another library. */
function hmacOf(salt: Uint8Array, pointer: string, json: string): string {
  const hmac = createHmac("sha256", salt).update("polity/commitment/v1\0").update(pointer).update("\0");
  return `sha256:${hmac.update(json).digest("hex")}`;
}

interface Vector {
  readonly request: string;
  readonly sensitive: readonly string[];
  /** In hex: of the request, then of each field. */
  readonly salts: readonly string[];
  readonly commitment: RequestCommitment;
  readonly opening: string;
}

const payment = {
  action: "pay",
  fields: {
    amount: "125.50",
    payee: { account: "DE89370400440532013000", name: "Müller" },
    tags: ["a", "b"],
  },
};
const ACCOUNT = "/fields/payee/account";
const TAG = "/fields/tags/1";

describe("committing", () => {
  test("is the HMAC of the formula, of the whole and of each sensitive field", () => {
    const { commitment, opening } = commit(payment, [TAG, ACCOUNT]);
    expect(opening.sensitive.map(({ pointer }) => pointer)).toEqual([ACCOUNT, TAG]);
    for (const [at, { pointer, salt, value }] of opening.sensitive.entries()) {
      expect(commitment.sensitive[at]).toEqual({ pointer, commitment: hmacOf(salt, pointer, value) });
    }
    const [account, tag] = commitment.sensitive.map((field) => ({ commitment: field.commitment }));
    expect(JSON.parse(opening.request)).toEqual({
      action: "pay",
      fields: { amount: "125.50", payee: { account, name: "Müller" }, tags: ["a", tag] },
    });
    expect(commitment.commitment).toBe(hmacOf(opening.salt, "", opening.request));
  });

  test("gives these bytes for these salts, for ever", () => {
    const file = new URL("../vectors/lineage/commitment.json", import.meta.url);
    const vector = JSON.parse(readFileSync(file, "utf8")) as Vector;
    const salts = vector.salts.map((salt) => Uint8Array.from(Buffer.from(salt, "hex")));
    const result = commitRequest(vector.request, vector.sensitive, () => salts.shift()!);
    if (!result.ok) throw new Error(result.message);
    expect(result.commitment).toEqual(vector.commitment);
    expect(encodeOpening(result.opening)).toBe(vector.opening);
    expect(decodeOpening(vector.opening)).toEqual({ ok: true, opening: result.opening });
  });

  test("hides: the same request has another commitment each time", () => {
    const seen = new Set<string>();
    for (let at = 0; at < 100; at += 1) {
      const { commitment } = commit(payment, [ACCOUNT]);
      seen.add(commitment.commitment).add(commitment.sensitive[0]!.commitment);
    }
    expect(seen.size).toBe(200);
  });

  test("keeps salts of its own, whatever becomes of the caller's bytes", () => {
    const pool = new Uint8Array(64);
    let given = 0;
    const { commitment, opening } = commit(payment, [ACCOUNT], () => {
      pool.fill(given + 1);
      given += 1;
      return pool.subarray(0, 32);
    });
    pool.fill(0xff);
    expect(checkOpening(commitment, opening).ok).toBe(true);
  });

  test.each<[string, (count: number) => unknown, string]>([
    ["too few bytes", () => new Uint8Array(31), "must give 32 bytes"],
    ["too many bytes", () => new Uint8Array(33), "must give 32 bytes"],
    ["a list", () => new Array(32).fill(1), "must give 32 bytes"],
    ["nothing", () => undefined, "must give 32 bytes"],
    ["always the same bytes", () => new Uint8Array(32), "the same bytes twice"],
  ])("is refused where randomness gives %s", (_, random, message) => {
    const json = canonicalJson(payment);
    const result = commitRequest(json, [ACCOUNT], random as Random);
    expect(result).toMatchObject({ ok: false, code: "commitment.randomness" });
    expect(JSON.stringify(result)).toContain(message);
    expect(SALT_BYTES).toBe(32);
  });

  test.each<[string, readonly string[], string]>([
    ["the whole request", [""], "the empty pointer"],
    ["no pointer", ["fields"], "is no JSON pointer"],
    ["a wrong escape", ["/fields/~2"], "is no JSON pointer"],
    ["an escape without an end", ["/fields/~"], "is no JSON pointer"],
    ["a lone surrogate", ["/\ud800"], "is no JSON pointer"],
    ["a very long pointer", [`/${"x".repeat(256)}`], "is no JSON pointer"],
    ["a field that is not there", ["/fields/iban"], 'no "/fields/iban"'],
    ["what every object inherits", ["/fields/toString"], 'no "/fields/toString"'],
    ["a length", ["/fields/tags/length"], "the request has no"],
    ["a place beyond the list", ["/fields/tags/2"], "the request has no"],
    ["a place with a leading zero", ["/fields/tags/01"], "the request has no"],
    ["the place after the last", ["/fields/tags/-"], "the request has no"],
    ["something in a text", ["/action/0"], "the request has no"],
    ["the same twice", [ACCOUNT, ACCOUNT], "named twice"],
    ["one inside another", [ACCOUNT, "/fields/payee"], "is inside"],
    [
      "one inside another, with one between",
      ["/fields/payee/name", "/fields/payee", "/fields/payee!"],
      "is inside",
    ],
    ["too many", Array.from({ length: SENSITIVE_MAX + 1 }, (_, at) => `/${at}`), "more than 64"],
  ])("refuses as sensitive: %s", (_, pointers, message) => {
    const result = commitRequest(canonicalJson(payment), pointers, randomBytes);
    expect(result).toMatchObject({ ok: false, code: "commitment.pointer" });
    expect((result as { message: string }).message).toContain(message);
  });

  test("two fields of which one is the beginning of the other's name are two fields", () => {
    const request = { a: 1, "a!": 2, ab: { c: 3 }, b: 4 };
    const { commitment, opening } = commit(request, ["/ab/c", "/a", "/a!"]);
    expect(commitment.sensitive.map(({ pointer }) => pointer)).toEqual(["/a", "/a!", "/ab/c"]);
    expect(checkOpening(commitment, opening)).toEqual({
      ok: true,
      request: canonicalJson(request),
      erased: [],
    });
  });

  test.each<[string, string]>([
    ["nothing", ""],
    ["no JSON", "{"],
    ["white space", '{"action": "pay"}'],
    ["another order", '{"fields":{},"action":"pay"}'],
    ["a key twice", '{"a":1,"a":1}'],
    ["a fraction", '{"a":0.5}'],
    ["2^53", '{"a":9007199254740992}'],
    ["minus zero", '{"a":-0}'],
    ["a lone surrogate", '"\\ud800"'],
    ["65 lists inside each other", `${"[".repeat(65)}${"]".repeat(65)}`],
    ["more than 8 Mi characters", `"${"x".repeat(8 * 1024 * 1024)}"`],
  ])("refuses as a request: %s", (_, json) => {
    expect(commitRequest(json, [], randomBytes)).toMatchObject({ ok: false, code: "commitment.request" });
  });

  test("a commitment in the deepest place would be one level too deep", () => {
    const deep = JSON.parse(`${"[".repeat(64)}"x"${"]".repeat(64)}`) as unknown;
    expect(checkRound(deep, [])).toBe(true);
    const result = commitRequest(canonicalJson(deep), ["/0".repeat(64)], randomBytes);
    expect(result).toMatchObject({
      ok: false,
      code: "commitment.request",
      message: expect.stringContaining("deep"),
    });
    expect(checkRound(deep, ["/0".repeat(63)])).toBe(true);
  });

  test("pointers are escaped (RFC 6901), and any key can be named", () => {
    const request = {
      "": 0,
      "/": 1,
      "~": 2,
      "~1": 3,
      "a/b~c": { "": [4] },
      "m\0n": 5,
      __proto__x: 6,
      "ü😀": 7,
    };
    expect(
      checkRound(request, ["/", "/~1", "/~0", "/~01", "/a~1b~0c//0", "/m\0n", "/__proto__x", "/ü😀"]),
    ).toBe(true);
    const json = '{"__proto__":{"a":1},"constructor":2}';
    const committed = commitRequest(json, ["/__proto__/a", "/constructor"], randomBytes);
    if (!committed.ok) throw new Error(committed.message);
    expect(checkOpening(committed.commitment, committed.opening)).toMatchObject({ ok: true, request: json });
  });

  test("the largest request there may be is committed to, written, read and opened", () => {
    const request = { a: "\\".repeat(2_000_000), b: "x".repeat(4_388_000), c: 1 };
    const { commitment, opening } = commit(request, ["/a", "/c"]);
    const decoded = decodeOpening(encodeOpening(opening));
    if (!decoded.ok) throw new Error(decoded.message);
    expect(checkOpening(commitment, decoded.opening)).toMatchObject({ ok: true, erased: [] });
  });
});

function checkRound(request: unknown, pointers: readonly string[]): boolean {
  const { commitment, opening } = commit(request, pointers);
  const decoded = decodeOpening(encodeOpening(opening));
  if (!decoded.ok) throw new Error(decoded.message);
  expect(decoded.opening).toEqual(opening);
  const result = checkOpening(commitment, decoded.opening);
  expect(result).toEqual({ ok: true, request: canonicalJson(request), erased: [] });
  return result.ok;
}

describe("opening", () => {
  const { commitment, opening } = commit(payment, [ACCOUNT, TAG]);
  const other = commit(payment, [ACCOUNT, TAG]);
  const [account, tag] = opening.sensitive as unknown as readonly [
    Opening["sensitive"][0],
    Opening["sensitive"][0],
  ];

  test("gives the request back, whole", () => {
    expect(checkOpening(commitment, opening)).toEqual({
      ok: true,
      request: canonicalJson(payment),
      erased: [],
    });
  });

  const flipped = (salt: Uint8Array) => salt.map((byte, at) => (at === 31 ? byte ^ 1 : byte));

  test.each<[string, Partial<Opening>]>([
    ["another request", { request: opening.request.replace("125.50", "125.51") }],
    ["another salt", { salt: flipped(opening.salt) }],
    ["the salt of another opening", { salt: other.opening.salt }],
    ["another opening's request", { request: other.opening.request }],
    ["another value of a field", { sensitive: [{ ...account, value: '"DE00"' }, tag] }],
    ["another salt of a field", { sensitive: [{ ...account, salt: flipped(account.salt) }, tag] }],
    ["a field of another opening", { sensitive: [other.opening.sensitive[0]!, tag] }],
    ["a field at another pointer", { sensitive: [{ ...account, pointer: "/fields/payee/name" }, tag] }],
    [
      "two fields with their pointers exchanged",
      {
        sensitive: [
          { ...tag, pointer: ACCOUNT },
          { ...account, pointer: TAG },
        ],
      },
    ],
    ["a field that nobody committed to", { sensitive: [account, tag, { ...tag, pointer: "/fields/zzz" }] }],
    ["another spelling of a value", { sensitive: [{ ...account, value: ` ${account.value}` }, tag] }],
    ["the whole request, uncommitted", { request: canonicalJson(payment) }],
  ])("refuses %s", (_, change) => {
    expect(checkOpening(commitment, { ...opening, ...change })).toMatchObject({
      ok: false,
      code: "opening.mismatch",
    });
  });

  test.each<[string, Partial<Record<keyof Opening, unknown>>]>([
    ["a salt of 31 bytes", { salt: opening.salt.subarray(1) }],
    ["a salt of 33 bytes", { salt: Uint8Array.of(...opening.salt, 0) }],
    ["a field's salt of 31 bytes", { sensitive: [{ ...account, salt: account.salt.subarray(1) }] }],
    ["fields in another order", { sensitive: [tag, account] }],
    ["a field twice", { sensitive: [account, account] }],
    ["a field that is the whole", { sensitive: [{ ...account, pointer: "" }] }],
    ["no salt", { salt: undefined }],
    ["no request", { request: null }],
    ["no fields", { sensitive: undefined }],
    ["a field that is none", { sensitive: [null] }],
    ["a lone surrogate", { request: "\ud800" }],
    ["far too much", { request: "x".repeat(9 * 1024 * 1024) }],
  ])("takes for malformed, and never writes: %s", (_, change) => {
    const changed = { ...opening, ...change } as Opening;
    expect(checkOpening(commitment, changed)).toMatchObject({ ok: false, code: "opening.malformed" });
    expect(() => encodeOpening(changed)).toThrow(RangeError);
  });

  test.each<[string, RequestCommitment]>([
    ["of the request", { ...commitment, commitment: other.commitment.commitment }],
    ["of a field", { ...commitment, sensitive: [other.commitment.sensitive[0]!, commitment.sensitive[1]!] }],
    ["without its fields", { ...commitment, sensitive: [] }],
    ["with a field less", { ...commitment, sensitive: [commitment.sensitive[0]!] }],
    [
      "with a field more",
      {
        ...commitment,
        sensitive: [...commitment.sensitive, { ...commitment.sensitive[0]!, pointer: "/zzz" }],
      },
    ],
    [
      "with a field's pointer exchanged",
      {
        ...commitment,
        sensitive: commitment.sensitive.map(({ pointer }, at) => ({
          pointer,
          commitment: commitment.sensitive[1 - at]!.commitment,
        })),
      },
    ],
  ])("refuses another commitment: %s", (_, changed) => {
    expect(checkOpening(changed, opening)).toMatchObject({ ok: false, code: "opening.mismatch" });
  });

  test("what was committed to in another form than canonical JSON opens nothing", () => {
    const salt = randomBytes(32);
    for (const request of ['{"a": 1}', "no JSON", '{"a":0.5}']) {
      const dishonest = { commitment: hmacOf(salt, "", request), sensitive: [] };
      const result = checkOpening(dishonest, { request, salt, sensitive: [] });
      expect(result).toMatchObject({ ok: false, code: "opening.malformed" });
    }
    const field = hmacOf(salt, "/a", "0.5");
    const request = canonicalJson({ a: { commitment: field } });
    const dishonest = {
      commitment: hmacOf(salt, "", request),
      sensitive: [{ pointer: "/a", commitment: field }],
    };
    const sensitive = [{ pointer: "/a", salt, value: "0.5" }];
    expect(checkOpening(dishonest, { request, salt, sensitive })).toMatchObject({
      code: "opening.malformed",
    });
    expect(checkOpening(dishonest, { request, salt, sensitive: [] })).toMatchObject({
      ok: true,
      erased: ["/a"],
    });
  });

  test("a field whose place in the request has something else than its commitment opens nothing", () => {
    const salt = randomBytes(32);
    const field = { pointer: "/a", commitment: hmacOf(salt, "/a", "1") };
    for (const a of [1, { commitment: hmacOf(salt, "/a", "2") }, { commitment: field.commitment, b: 0 }]) {
      const request = canonicalJson({ a });
      const dishonest = { commitment: hmacOf(salt, "", request), sensitive: [field] };
      const sensitive = [{ pointer: "/a", salt, value: "1" }];
      expect(checkOpening(dishonest, { request, salt, sensitive })).toMatchObject({
        code: "opening.mismatch",
      });
    }
  });

  test("a text beyond every bound is not written, and not read", () => {
    const escaped = { request: "\u0001".repeat(8 * 1024 * 1024), salt: randomBytes(32), sensitive: [] };
    expect(() => encodeOpening(escaped)).toThrow("too large");
    const long = decodeOpening(`${encodeOpening(opening)}${" ".repeat(17 * 1024 * 1024)}`);
    expect(long).toMatchObject({ ok: false, message: expect.stringContaining("longer than") });
  });

  test("a value that looks like a commitment stays what it is", () => {
    const sly = { action: "pay", fields: { a: { commitment: `sha256:${"0".repeat(64)}` }, b: 1 } };
    expect(checkRound(sly, [])).toBe(true);
    expect(checkRound(sly, ["/fields/a"])).toBe(true);
    expect(checkRound(sly, ["/fields/a/commitment", "/fields/b"])).toBe(true);
  });
});

describe("erasing", () => {
  const { commitment, opening } = commit(payment, [ACCOUNT, TAG]);

  test("one field leaves the rest openable, and its place says which commitment it had", () => {
    const erased = eraseFields(opening, [ACCOUNT]);
    const text = encodeOpening(erased);
    expect(text).not.toContain("DE89");
    expect(text).not.toContain(Buffer.from(opening.sensitive[0]!.salt).toString("base64"));
    const result = checkOpening(commitment, erased);
    expect(result).toMatchObject({ ok: true, erased: [ACCOUNT] });
    expect(JSON.parse((result as { request: string }).request)).toEqual({
      ...payment,
      fields: {
        ...payment.fields,
        payee: { ...payment.fields.payee, account: { commitment: commitment.sensitive[0]!.commitment } },
      },
    });
  });

  test("all fields leaves the request around them", () => {
    const erased = eraseFields(opening, [TAG, ACCOUNT, "/no/such"]);
    expect(checkOpening(commitment, erased)).toEqual({
      ok: true,
      request: opening.request,
      erased: [ACCOUNT, TAG],
    });
  });

  test("does not change what was given", () => {
    const before = encodeOpening(opening);
    eraseFields(opening, [ACCOUNT]);
    expect(encodeOpening(opening)).toBe(before);
    expect(checkOpening(commitment, opening)).toMatchObject({ ok: true, erased: [] });
  });
});
