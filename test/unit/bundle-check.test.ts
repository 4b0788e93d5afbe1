/** Each check of a bundle's files, driven to its refusal; the first that fails is the answer. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { BundleFiles } from "@polity/runtime/archive.ts";
import { openContents } from "@polity/runtime/bundle-contents.ts";
import { openManifest, type Wanted } from "@polity/runtime/bundle-manifest.ts";
import { type BundleParts, manifestOf, signBundle } from "@polity/runtime/bundle-write.ts";
import { encodeEnvelope, signEnvelope } from "@polity/runtime/dsse.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import { encodeSetManifest, type SetManifestMember } from "@polity/runtime/set-manifest.ts";
import { describe, expect, test } from "vitest";
import {
  BUNDLE_ROOT,
  bundleOf,
  DAY_MS,
  FACTS,
  memberOf,
  SOURCES,
  signedFacts,
  sourcesFor,
} from "../support/bundles.ts";
import { signerOf } from "../support/signing.ts";
import { ANNA, BERT, CLEO, NOW, ONLINE } from "../support/trust-roots.ts";

const STRANGER = signerOf(9);

const WANTED: Wanted = { set: "payments", audience: "eu-1", nowMs: NOW, bytesMax: 1 << 24 };

/** What a trust root must have to let a bundle in. */
const NEEDED = ["expiresMs", "keys", "policy", "facts", "settings"];

function check(files: BundleFiles, wanted: Partial<Wanted> = {}, root = BUNDLE_ROOT) {
  const told: string[] = [];
  const tell = (name: string) => void told.push(name);
  const all = { ...WANTED, ...wanted };
  const signed = openManifest(files, root, all, nodeCrypto, tell);
  return { told, result: signed.ok ? openContents(signed, root, all, nodeCrypto, tell) : signed };
}

function refusal(files: BundleFiles, wanted: Partial<Wanted> = {}, root = BUNDLE_ROOT): string {
  const { result } = check(files, wanted, root);
  return result.ok ? "" : `${result.code} ${result.path}`;
}

const changed = async (change: Partial<BundleParts>) => refusal(await bundleOf(change));
const withFile = async (path: string, content: string | Uint8Array) =>
  new Map([...(await bundleOf()), [path, typeof content === "string" ? utf8(content) : content]]);

test("a good bundle passes every check, in order", async () => {
  const { result, told } = check(await bundleOf());
  expect(result).toMatchObject({ ok: true, members: [{ name: "guard" }, { name: "pays" }] });
  expect(told).toEqual([
    ...["files", "signatures", "set", "audience", "validity"],
    ...["contents", "members", "facts"],
  ]);
});

test("so does one without facts, without sources, with a shadow, and for no place", async () => {
  const guard = await memberOf("guard", "guard.pol");
  const members = [{ ...guard, shadow: true, source: null }, await memberOf("pays", "pays.pol")];
  const sources = sourcesFor(["pays.pol"]);
  const files = await bundleOf({ facts: null, members, sources, audience: null });
  expect(check(files, { audience: null }).result).toMatchObject({ ok: true, facts: null });
});

/** Faults that can be together, in the order in which they are found. */
const FAULTS = [
  "trust.invalid",
  "bundle.too_large",
  "bundle.path",
  "envelope.threshold",
  "bundle.wrong_name",
  "bundle.wrong_audience",
  "bundle.expired",
  "bundle.missing",
  "bundle.extra",
  "bundle.altered",
  "bundle.member",
  "bundle.sources",
  "bundle.facts_statement",
  "bundle.facts_not_granted",
] as const;
type Fault = (typeof FAULTS)[number];

async function withFaults(faults: readonly Fault[]): Promise<string> {
  const has = (fault: Fault) => faults.includes(fault);
  const facts = await signedFacts(
    has("bundle.facts_not_granted") ? { entities: [{ type: "Boss", id: "b" }] } : FACTS,
    has("bundle.facts_statement") ? { set: "refunds" } : {},
  );
  const sources = sourcesFor(["guard.pol", "pays.pol"]);
  const more = has("bundle.sources") ? [["idle.pol", utf8("")] as const] : [];
  const unsigned = await bundleOf({ facts, sources: new Map([...sources, ...more]) }, []);
  const manifest = manifestOf(unsigned)!;
  const [guard, ...others] = manifest.members;
  const members = has("bundle.member") ? [{ ...guard!, policy: "acme.other" }, ...others] : manifest.members;
  const statement = encodeSetManifest({ ...manifest, members });
  let files = await signBundle(new Map([...unsigned, ["set.statement.json", statement] as const]), ANNA);
  if (!has("envelope.threshold")) files = await signBundle(files, BERT);
  const changed = new Map(files);
  if (has("bundle.altered")) changed.set("sources/guard.pol", utf8("x"));
  if (has("bundle.extra")) changed.set("sources/zzz.pol", utf8("x"));
  if (has("bundle.missing")) changed.delete("sources/shared/types.pol");
  if (has("bundle.path")) changed.set("../x", utf8("x"));
  const wanted = {
    ...(has("bundle.wrong_name") && { set: "refunds" }),
    ...(has("bundle.wrong_audience") && { audience: "eu-2" }),
    ...(has("bundle.expired") && { nowMs: NOW + 40 * DAY_MS }),
    ...(has("bundle.too_large") && { bytesMax: 1 }),
    ...(has("trust.invalid") && { audience: "" }),
  };
  return refusal(changed, wanted).split(" ")[0]!;
}

describe("of several faults, the first in order is the answer", () => {
  test.each(FAULTS)("%s alone", async (fault) => {
    expect(await withFaults([fault])).toBe(fault);
  });

  test.each(FAULTS.map((fault, at) => [fault, at] as const))(
    "%s, with all that come after it",
    async (fault, at) => {
      // Paths are looked at one by one before their bytes are added up.
      const later =
        fault === "bundle.too_large"
          ? FAULTS.slice(at).filter((one) => one !== "bundle.path")
          : FAULTS.slice(at);
      expect(await withFaults(later)).toBe(fault);
    },
  );
});

describe("what is asked", () => {
  test("has to make sense", async () => {
    const files = await bundleOf();
    expect(refusal(files, { nowMs: Number.NaN })).toBe("trust.invalid null");
    expect(refusal(files, { set: "" })).toBe("trust.invalid null");
    expect(refusal(files, { audience: "a\n" })).toBe("trust.invalid null");
    expect(refusal(files, { bytesMax: Number.NaN })).toBe("trust.invalid null");
    expect(refusal(files, { nowMs: BUNDLE_ROOT.expiresMs })).toBe("trust.expired null");
    for (const lacking of Object.keys(BUNDLE_ROOT)) {
      const root = { ...BUNDLE_ROOT, [lacking]: undefined };
      expect([lacking, refusal(files, {}, root)]).toEqual([
        lacking,
        NEEDED.includes(lacking) ? "trust.invalid null" : "",
      ]);
    }
  });

  test("and what comes has to be files", () => {
    expect(refusal(null as unknown as BundleFiles)).toBe("bundle.malformed null");
    expect(refusal(new Map([["facts.json", "text"]]) as unknown as BundleFiles)).toBe(
      "bundle.malformed null",
    );
  });
});

describe("the files as a whole", () => {
  test("are counted and added up before anything is read", async () => {
    const files = await bundleOf();
    const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    expect(refusal(files, { bytesMax: bytes })).toBe("");
    expect(refusal(files, { bytesMax: bytes - 1 })).toBe("bundle.too_large null");
    const many = new Map([
      ...files,
      ...Array.from({ length: 1_024 }, (_, at) => [`sources/a${at}.pol`, utf8("")] as const),
    ]);
    expect(refusal(many)).toBe("bundle.too_large null");
  });

  test.each([
    "../set.dsse.json",
    "sources/../../x.pol",
    "/etc/passwd",
    "sources//x.pol",
    "sources/./x.pol",
    "sources/.x.pol",
    "sources/x.pol/",
    "sources\\x.pol",
    "C:/x.pol",
    "sources/nul.pol",
    "sources/x.wasm",
    "evaluators/Guard.wasm",
    "evaluators/a/b.wasm",
    "std/Http.pol",
    "std/a/b.pol",
    "settings.json",
    "",
    `sources/${"a".repeat(252)}.pol`,
    "sources/\u00e9.pol",
    "sources/a\0.pol",
  ])("have no path like %j", async (path) => {
    expect(refusal(await withFile(path, "x"))).toBe(`bundle.path ${path}`);
  });

  test("do not meet in one place", async () => {
    expect(refusal(await withFile("sources/PAYS.pol", "x"))).toBe("bundle.path sources/PAYS.pol");
    expect(refusal(await withFile("sources/pays.pol/x.pol", "x"))).toMatch(/^bundle\.path/);
  });
});

describe("who signed", () => {
  test("nobody", async () => {
    expect(refusal(await bundleOf({}, []))).toBe("bundle.unsigned null");
    expect(refusal(await withFile("set.dsse.json", ""))).toBe("bundle.unsigned null");
    expect(refusal(new Map())).toBe("bundle.unsigned null");
  });

  test("too few, somebody else, one for two", async () => {
    const at = "set.dsse.json";
    expect(refusal(await bundleOf({}, [ANNA]))).toBe(`envelope.threshold ${at}`);
    expect(refusal(await bundleOf({}, [CLEO]))).toBe(`envelope.wrong_key ${at}`);
    expect(refusal(await bundleOf({}, [ANNA, CLEO]))).toBe(`envelope.threshold ${at}`);
    expect(refusal(await bundleOf({}, [ANNA, CLEO, BERT]))).toBe("");
  });

  test("in another form than the one", async () => {
    const files = await bundleOf();
    const text = new TextDecoder().decode(files.get("set.dsse.json"));
    expect(refusal(await withFile("set.dsse.json", `${text}\n`))).toMatch(/^envelope\.malformed/);
    expect(refusal(await withFile("set.dsse.json", " ".repeat(1 << 19)))).toMatch(/^envelope\.too_large/);
    const payload = utf8("{}");
    const other = await signEnvelope("application/json", payload, [ANNA, BERT]);
    expect(refusal(await withFile("set.dsse.json", encodeEnvelope(other)))).toMatch(
      /^envelope\.payload_type/,
    );
    const empty = await signEnvelope("application/vnd.in-toto+json", payload, [ANNA, BERT]);
    expect(refusal(await withFile("set.dsse.json", encodeEnvelope(empty)))).toBe(
      "bundle.manifest set.dsse.json",
    );
    const [a, b] = [await bundleOf(), await bundleOf({ epoch: 8 })];
    const forged = text.replace(
      /"payload":"[^"]*"/,
      (/"payload":"[^"]*"/.exec(new TextDecoder().decode(b.get("set.dsse.json"))) ?? [""])[0],
    );
    expect(refusal(new Map([...a, ["set.dsse.json", utf8(forged)]]))).toMatch(/^envelope\.bad_signature/);
  });
});

describe("what was signed", () => {
  const at = "set.dsse.json";

  test("is for this host, here and now", async () => {
    const files = await bundleOf();
    expect(refusal(files, { set: "refunds" })).toBe(`bundle.wrong_name ${at}`);
    expect(refusal(files, { audience: "eu-2" })).toBe(`bundle.wrong_audience ${at}`);
    expect(refusal(files, { audience: null })).toBe(`bundle.wrong_audience ${at}`);
    expect(refusal(await bundleOf({ audience: null }))).toBe(`bundle.wrong_audience ${at}`);
    expect(refusal(files, { nowMs: NOW - DAY_MS - 1 })).toBe(`bundle.not_yet_valid ${at}`);
    expect(refusal(files, { nowMs: NOW + 30 * DAY_MS })).toBe(`bundle.expired ${at}`);
  });

  test("is what the policy keys may sign for", async () => {
    expect(refusal(await bundleOf({ name: "refunds" }), { set: "refunds" })).toBe(`bundle.not_granted ${at}`);
    expect(refusal(await bundleOf({ audience: "us" }), { audience: "us" })).toBe(`bundle.not_granted ${at}`);
  });
});

describe("the contents", () => {
  test("are all there, as they were signed, and nothing else", async () => {
    const files = await bundleOf();
    for (const path of files.keys()) {
      if (path === "set.dsse.json") continue;
      const less = new Map(files);
      less.delete(path);
      expect(refusal(less)).toBe(`bundle.missing ${path}`);
      const longer = new Uint8Array([...files.get(path)!, 0]);
      expect(refusal(new Map([...files, [path, longer]]))).toBe(`bundle.altered ${path}`);
      const other = Uint8Array.from(files.get(path)!);
      other[other.length >> 1]! ^= 1;
      expect(refusal(new Map([...files, [path, other]]))).toBe(`bundle.altered ${path}`);
    }
    expect(refusal(await withFile("sources/more.pol", "x"))).toBe("bundle.extra sources/more.pol");
    expect(refusal(await withFile("set.statement.json", "x"))).toBe("bundle.extra set.statement.json");
  });

  test("are members that are what the manifest says", async () => {
    const wasm = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const guard = await memberOf("guard", "guard.pol");
    await expect(changed({ members: [{ ...guard, wasm }] })).rejects.toThrow("guard: no evaluator");
    const other = { ...SOURCES, "guard.pol": SOURCES["guard.pol"]!.replace("900", "800") };
    const sources = sourcesFor(["pays.pol", "guard.pol"], other);
    expect(await changed({ sources })).toBe("bundle.sources sources/guard.pol");
  });

  test("are members that say of themselves what the manifest says of them", async () => {
    const unsigned = await bundleOf({}, []);
    const manifest = manifestOf(unsigned)!;
    const said: readonly Partial<SetManifestMember>[] = [
      { policy: "acme.other" },
      { version: 2n },
      { compiler: "polity 9" },
      { assembler: "other 1" },
    ];
    const manifests = said.map((change) => ({
      ...manifest,
      members: manifest.members.with(0, { ...manifest.members[0]!, ...change }),
    }));
    for (const other of [...manifests, { ...manifest, abi: { major: 1, minor: 9 } }]) {
      const files = new Map([...unsigned, ["set.statement.json", encodeSetManifest(other)] as const]);
      const signed = await signBundle(await signBundle(files, ANNA), BERT);
      expect(refusal(signed)).toBe("bundle.member evaluators/guard.wasm");
    }
  });

  test("and sources of members, each and only those", async () => {
    const sources = new Map(sourcesFor(["pays.pol", "guard.pol"]));
    sources.delete("shared/types.pol");
    expect(await changed({ sources })).toBe("bundle.sources sources/shared/types.pol");
    const more = new Map([...sourcesFor(["pays.pol", "guard.pol"]), ["idle.pol", utf8("x")] as const]);
    expect(await changed({ sources: more })).toBe("bundle.sources sources/idle.pol");
    const guard = await memberOf("guard", "guard.pol");
    const members = [{ ...guard, source: "pays.pol" }, await memberOf("pays", "pays.pol")];
    expect(await changed({ members })).toBe("bundle.sources evaluators/guard.wasm");
  });
});

describe("the facts", () => {
  const at = "facts.dsse.json";
  const by = async (facts: unknown, change = {}, signers = [ANNA, CLEO, ONLINE]) =>
    changed({ facts: await signedFacts(facts, change, signers) });

  test("are signed, as facts of this set, here and now", async () => {
    const unsigned = { ...(await signedFacts()), envelope: utf8("{}") };
    expect(await changed({ facts: unsigned })).toBe(`bundle.facts_unsigned ${at}`);
    expect(await by(FACTS, {}, [BERT])).toBe("bundle.facts_not_granted facts.json");
    expect(await by(FACTS, {}, [STRANGER])).toBe(`bundle.facts_unsigned ${at}`);
    expect(await by(FACTS, { set: "refunds" })).toBe(`bundle.facts_statement ${at}`);
    expect(await by(FACTS, { audience: "eu-2" })).toBe(`bundle.facts_statement ${at}`);
    expect(await by(FACTS, { audience: "eu-1" })).toBe("");
    expect(await by(FACTS, { digest: `sha256:${"0".repeat(64)}` })).toBe(`bundle.facts_statement ${at}`);
    expect(await by(FACTS, { validFromMs: NOW + 1 })).toBe(`bundle.facts_not_yet_valid ${at}`);
    expect(await by(FACTS, { validUntilMs: NOW })).toBe(`bundle.facts_expired ${at}`);
    const evaluator = new Map(await bundleOf());
    const envelope = evaluator.get("set.dsse.json")!;
    const swapped = { ...(await signedFacts()), envelope };
    expect(await changed({ facts: swapped })).toBe(`bundle.facts_statement ${at}`);
  });

  test("come from those who may supply each type, table and setting", async () => {
    const where = "bundle.facts_not_granted facts.json";
    expect(await by(FACTS, {}, [ANNA, CLEO])).toBe(where);
    expect(await by(FACTS, {}, [CLEO, ONLINE])).toBe(where);
    expect(await by(FACTS, {}, [ANNA, ONLINE])).toBe(where);
    expect(await by({ entities: FACTS.entities }, {}, [ONLINE])).toBe("");
    expect(await by({ entities: [], settings: FACTS.settings }, {}, [CLEO])).toBe("");
    expect(await by({ entities: [{ type: "Boss", id: "b" }] }, {}, [ANNA, BERT, CLEO, ONLINE])).toBe(where);
    expect(await by({ entities: [{ id: "b" }] })).toBe(where);
    expect(await by({ entities: [], tables: { other: [] } })).toBe(where);
    expect(await by({ entities: [], settings: { other: 1 } })).toBe(where);
  });

  test("and are JSON", async () => {
    const facts = await signedFacts();
    const digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const { envelope } = await signedFacts(FACTS, { digest });
    expect(await changed({ facts: { ...facts, snapshot: utf8(""), envelope } })).toBe(
      "bundle.facts_malformed facts.json",
    );
  });

  test("one key cannot stand for two", async () => {
    const limits = { ...BUNDLE_ROOT.facts.get("limits")!, threshold: 2 };
    const root = { ...BUNDLE_ROOT, facts: new Map([...BUNDLE_ROOT.facts, ["limits", limits]]) };
    expect(refusal(await bundleOf(), {}, root)).toBe("bundle.facts_not_granted facts.json");
    const facts = await signedFacts(FACTS, {}, [ANNA, BERT, CLEO, ONLINE]);
    expect(refusal(await bundleOf({ facts }), {}, root)).toBe("");
  });
});

test("signing again with the same key changes nothing", async () => {
  const files = await bundleOf();
  expect(await signBundle(files, ANNA)).toBe(files);
  const interrupted = new Map([...files, ["set.statement.json", utf8("{}")] as const]);
  expect(new Map(await signBundle(interrupted, ANNA))).toEqual(new Map(files));
  const [one, other] = [await bundleOf({}, [ANNA, BERT]), await bundleOf({}, [BERT, ANNA])];
  expect([...one.get("set.dsse.json")!]).toEqual([...other.get("set.dsse.json")!]);
  await expect(signBundle(new Map(), ANNA)).rejects.toThrow("nothing to sign");
});
