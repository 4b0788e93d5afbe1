/** Walks from root to root, and freshness notes, with what each must end in: test/vectors/trust/. */
import { encodeBase64 } from "@polity/runtime/base64.ts";
import { encodeEnvelope, signEnvelope } from "@polity/runtime/dsse.ts";
import { type Active, type FreshnessNote, signFreshness } from "@polity/runtime/freshness.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { encodeTrustRoot, type TrustRoot } from "@polity/runtime/trust-root.ts";
import { fromHex } from "./ed25519-cases.ts";
import { weakKeys } from "./ed25519-crafted.ts";
import {
  ANNA,
  BERT,
  CLEO,
  DORA,
  EMIL,
  following,
  idsOf,
  NOW,
  ONLINE,
  ROOT,
  signRoot,
  signRootText,
} from "./trust-roots.ts";

/** Envelopes by name, so that each stands in the file once. */
export type Documents = ReadonlyMap<string, string>;

export interface WalkCase {
  readonly name: string;
  /** Names of documents; the first is the one that is trusted. */
  readonly roots: readonly string[];
  readonly pin: string | null;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The version that counts, else the code. */
  readonly expect: number | string;
}

const SECOND = following(ROOT, { root: { keys: idsOf(ANNA, BERT, DORA), threshold: 2 } });
const THIRD = following(SECOND, { root: { keys: idsOf(ANNA, DORA, EMIL), threshold: 2 } });
const ALONE = following(ROOT, { root: { keys: idsOf(EMIL), threshold: 1 } });

const textOf = (root: TrustRoot) => new TextDecoder().decode(encodeTrustRoot(root));

export async function walkDocuments(): Promise<Documents> {
  const weak = encodeBase64(fromHex(weakKeys()[0]!.publicKey));
  const signed = new Map<string, string>();
  const add = async (name: string, root: TrustRoot, ...signers: readonly Signer[]) => {
    signed.set(name, await signRoot(root, ...signers));
  };
  await add("1", ROOT, ANNA, CLEO);
  await add("1 by one", ROOT, ANNA);
  await add("1 by one twice", ROOT, ANNA, ANNA);
  await add("2", SECOND, ANNA, BERT);
  await add("2 by two old and two new", SECOND, BERT, CLEO, DORA);
  await add("2 by the old keys", SECOND, BERT, CLEO);
  await add("2 by the new keys", SECOND, BERT, DORA);
  await add("2 by one key that is both", SECOND, ANNA);
  await add("2 by one key that is both, twice", SECOND, ANNA, ANNA);
  await add("2 by strangers", SECOND, EMIL, ONLINE);
  await add("2 with one key, by it alone", ALONE, EMIL);
  await add("2 with one key, by it and the old ones", ALONE, ANNA, BERT, EMIL);
  await add("2 that has expired", following(ROOT, { expiresMs: NOW }), ANNA, BERT);
  await add("2 of something else", following(ROOT, { name: "example.com/others" }), ANNA, BERT);
  await add("3", THIRD, ANNA, DORA);
  await add("3 after one that has expired", following(following(ROOT, {}), {}), ANNA, BERT);
  await add("the last there is", { ...ROOT, version: Number.MAX_SAFE_INTEGER }, ANNA, BERT);
  const unsigned = textOf(SECOND);
  signed.set("2 without a signature", unsigned);
  const other = await signEnvelope("application/json", encodeTrustRoot(SECOND), [ANNA, BERT]);
  signed.set("2 under another type", encodeEnvelope(other));
  const weakened = unsigned.replace(encodeBase64(DORA.publicKey.bytes), weak);
  signed.set("2 with a weak key", await signRootText(weakened, ANNA, BERT));
  const spaced = unsigned.replace(",", ", ");
  signed.set("2 with a space in it", await signRootText(spaced, ANNA, BERT));
  const more = unsigned.replace('"version"', '"versio":1,"version"');
  signed.set("2 with one more member", await signRootText(more, ANNA, BERT));
  const forged = JSON.parse(signed.get("2")!) as { signatures: { sig: string }[] };
  const [one, two] = forged.signatures;
  [one!.sig, two!.sig] = [two!.sig, one!.sig];
  signed.set("2 with signatures exchanged", JSON.stringify(forged));
  return signed;
}

export function walkCases(pin: string): readonly WalkCase[] {
  const end = ROOT.expiresMs;
  const steps: readonly (readonly [string, readonly string[], number | string])[] = [
    ["no step", ["1"], 1],
    ["one step", ["1", "2"], 2],
    ["two steps", ["1", "2", "3"], 3],
    ["old and new keys sign apart", ["1", "2 by two old and two new"], 2],
    ["one key comes for three", ["1", "2 with one key, by it and the old ones"], 2],
    ["the first is signed by one of two", ["1 by one"], "trust.new_threshold"],
    ["the first is signed by one of two, twice", ["1 by one twice"], "trust.new_threshold"],
    ["a step is left out", ["1", "3"], "trust.skipped"],
    ["the last there is comes next", ["1", "the last there is"], "trust.skipped"],
    ["nothing comes after the last", ["the last there is", "the last there is"], "trust.rolled_back"],
    ["a step comes twice", ["1", "2", "2"], "trust.rolled_back"],
    ["a step goes back", ["1", "2", "1"], "trust.rolled_back"],
    ["only the old keys sign", ["1", "2 by the old keys"], "trust.new_threshold"],
    ["only the new keys sign", ["1", "2 by the new keys"], "trust.old_threshold"],
    ["one key that is both signs", ["1", "2 by one key that is both"], "trust.old_threshold"],
    ["one key that is both signs twice", ["1", "2 by one key that is both, twice"], "trust.old_threshold"],
    ["strangers sign", ["1", "2 by strangers"], "trust.old_threshold"],
    ["somebody makes a root of their own", ["1", "2 with one key, by it alone"], "trust.old_threshold"],
    ["the last one has expired", ["1", "2 that has expired"], "trust.expired"],
    ["one on the way has expired", ["1", "2 that has expired", "3 after one that has expired"], 3],
    ["it is the root of something else", ["1", "2 of something else"], "trust.wrong_name"],
    ["nobody has signed", ["1", "2 without a signature"], "envelope.malformed"],
    ["another type was signed", ["1", "2 under another type"], "envelope.payload_type"],
    ["a key is weak", ["1", "2 with a weak key"], "trust.weak_key"],
    ["a space is in it", ["1", "2 with a space in it"], "trust.malformed"],
    ["a member is too many", ["1", "2 with one more member"], "trust.malformed"],
    ["signatures are exchanged", ["1", "2 with signatures exchanged"], "trust.bad_signature"],
  ];
  const cases = steps.map(([name, roots, expected]) => {
    return { name, roots, pin: null, now: NOW, expect: expected };
  });
  const first = { roots: ["1"], pin: null };
  return [
    ...cases,
    { name: "the first is the one whose digest is kept", roots: ["1", "2"], pin, now: NOW, expect: 2 },
    {
      name: "another digest is kept",
      roots: ["1 by one", "2"],
      pin: ZERO,
      now: NOW,
      expect: "trust.not_pinned",
    },
    { name: "at the last moment", ...first, now: end - 1, expect: 1 },
    { name: "at its end", ...first, now: end, expect: "trust.expired" },
  ];
}

const ZERO = `sha256:${"0".repeat(64)}`;

export interface NoteCase {
  readonly name: string;
  readonly note: string;
  readonly active: Active;
  readonly now: number;
  /** `current` or the code. */
  readonly expect: string;
  /** For headers, of a host that denies and of one that goes on for a minute; null: nothing is current. */
  readonly policyUntil: readonly [deny: number, goOn: number] | null;
}

const ACTIVE: Active = { set: "payments", audience: "eu-1", epoch: 42, digest: `sha256:${"a1".repeat(32)}` };
const MINUTE = 60_000;

/** Under version 1 of the walks. */
export async function noteCases(): Promise<readonly NoteCase[]> {
  const note: FreshnessNote = { root: ROOT.name, ...ACTIVE, fromMs: NOW, untilMs: NOW + 10 * MINUTE };
  const last = note.untilMs - 1;
  const current = [last, last + MINUTE] as const;
  const rows: readonly (readonly [
    string,
    Partial<FreshnessNote>,
    number,
    string,
    NoteCase["policyUntil"],
  ])[] = [
    ["the active epoch is the latest", {}, NOW, "current", current],
    ["at its last moment", {}, last, "current", current],
    ["at its end", {}, last + 1, "freshness.expired", current],
    ["before it begins", {}, NOW - 1, "freshness.not_yet_valid", null],
    [
      "as long as it may be",
      { untilMs: NOW + 60 * MINUTE },
      NOW,
      "current",
      [NOW + 60 * MINUTE - 1, NOW + 61 * MINUTE - 1],
    ],
    ["longer than it may be", { untilMs: NOW + 60 * MINUTE + 1 }, NOW, "freshness.too_long", null],
    ["a later epoch is there", { epoch: 43 }, NOW, "freshness.behind", null],
    ["the last epoch of all is there", { epoch: Number.MAX_SAFE_INTEGER }, NOW, "freshness.behind", null],
    ["an earlier epoch is the latest", { epoch: 41 }, NOW, "freshness.rolled_back", null],
    ["another manifest is", { digest: ZERO }, NOW, "freshness.forked", null],
    ["of another set", { set: "refunds" }, NOW, "freshness.wrong_set", null],
    ["for no place", { audience: null }, NOW, "freshness.wrong_set", null],
    ["of another root", { root: "example.com/others" }, NOW, "freshness.wrong_root", null],
  ];
  const cases: NoteCase[] = [];
  for (const [name, change, now, expected, policyUntil] of rows) {
    const text = await signFreshness({ ...note, ...change }, [ONLINE]);
    cases.push({ name, note: text, active: ACTIVE, now, expect: expected, policyUntil });
  }
  const good = cases[0]!.note;
  const refused = { active: ACTIVE, now: NOW, policyUntil: null };
  const anna = await signFreshness(note, [ANNA]);
  const bent = good.replace(/"sig":"..../, '"sig":"AAAA');
  return [
    ...cases,
    { name: "of another key", note: anna, expect: "freshness.threshold", ...refused },
    { name: "with another signature", note: bent, expect: "freshness.bad_signature", ...refused },
    { name: "nothing", note: "", expect: "freshness.missing", ...refused },
    { name: "with a line feed after it", note: `${good}\n`, expect: "envelope.malformed", ...refused },
  ];
}
