/** Orders, approvals and attestations, good ones and one for each fault: test/vectors/papers/. */
import { type Approval, encodeApproval } from "@polity/governor/papers/approval.ts";
import { type Attestation, encodeAttestation } from "@polity/governor/papers/attestation.ts";
import { encodeOrder, type Order } from "@polity/governor/papers/order.ts";
import type { Scope } from "@polity/governor/papers/paper.ts";
import { encodeEnvelope, signEnvelope } from "@polity/runtime/dsse.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { GOVERNED } from "./papers.ts";
import { ANNA, BERT, CLEO, EMIL, NOW, ONLINE } from "./trust-roots.ts";

export type PaperName = "order" | "approval" | "attestation";

export interface PaperCase {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The payload, to be read; the envelope has it in base64. */
  readonly document: string;
  readonly envelope: string;
  /** Of an attestation: who shows it. */
  readonly agent?: { readonly type: string; readonly id: string };
  /** `good`, else the code. */
  readonly expect: string;
}

const AGENT = { type: "Agent", id: "agent-7" };
const SCOPE: Scope = {
  root: GOVERNED.root.name,
  set: GOVERNED.set,
  audience: GOVERNED.audience,
  issuedMs: NOW - 1_000,
  expiresMs: NOW + 600_000,
};
const IMAGE = `sha256:${"a1".repeat(32)}`;

const ORDER: Order = {
  ...SCOPE,
  id: "0190a5de-0000-7000-8000-000000000001",
  issuer: "watch",
  subject: { kind: "agent", agent: AGENT },
  ordered: { kind: "quarantine" },
  reason: "reads mail of others",
};
const APPROVAL: Approval = {
  ...SCOPE,
  pending: "0190a5de-0000-7000-8000-00000000000a",
  request: `sha256:${"d1".repeat(32)}`,
  rules: ["abroad", "large"],
  approver: { type: "User", id: "bert" },
  decision: "approved",
  askedMs: NOW - 60_000,
};
const ATTESTATION: Attestation = {
  ...SCOPE,
  image: { name: "registry.example.com/agent", digest: IMAGE },
  agent: AGENT,
  issuer: "launcher",
  environment: "production",
  hardware: "confidential_vm",
};

/** What one kind of paper is made with. */
interface Form<T extends Scope> {
  readonly name: PaperName;
  readonly type: string;
  readonly usual: T;
  readonly encode: (paper: T) => Uint8Array;
  readonly signer: Signer;
  /** The trust root has this key, for something else. */
  readonly other: Signer;
  /** What it says, and something else that it could say. */
  readonly word: readonly [string, string];
  readonly own: readonly (readonly [name: string, change: Partial<T>, expect: string, by?: Signer])[];
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function casesOf<T extends Scope>(form: Form<T>): Promise<readonly PaperCase[]> {
  const { name, type, usual, encode, signer, other } = form;
  const shown = name === "attestation" ? { agent: AGENT } : {};
  const cases: PaperCase[] = [];
  const raw = async (what: string, document: string, expect: string, by = [signer], as = type) => {
    const envelope = encodeEnvelope(await signEnvelope(as, new TextEncoder().encode(document), by));
    cases.push({ name: what, now: NOW, document, envelope, ...shown, expect });
  };
  const add = (what: string, change: Partial<T>, expect: string, by: readonly Signer[] = [signer]) =>
    raw(what, text(encode({ ...usual, ...change })), expect === "good" ? "good" : `${name}.${expect}`, [
      ...by,
    ]);
  const scope = (change: Partial<Scope>) => change as Partial<T>;

  await add("good", {}, "good");
  await add("good, and signed by somebody else too", {}, "good", [signer, other]);
  await add("good until the next moment", scope({ expiresMs: NOW + 1 }), "good");
  await add("good from this moment on", scope({ issuedMs: NOW }), "good");
  for (const [what, change, expect, by] of form.own) await add(what, change, expect, [by ?? signer]);
  await add("under another trust root", scope({ root: "example.com/others" }), "wrong_root");
  await add("about another policy set", scope({ set: "refunds" }), "wrong_set");
  await add("for another place", scope({ audience: "eu-2" }), "wrong_set");
  await add("for no place, where there is one", scope({ audience: null }), "wrong_set");
  await add("signed by a key that is there for something else", {}, "unsigned", [other]);
  await add("issued later than now", scope({ issuedMs: NOW + 1 }), "not_yet_valid");
  await add("at its end", scope({ expiresMs: NOW }), "expired");
  const document = text(encode(usual));
  const malformed = `${name}.malformed`;
  await raw("under the type of another document", document, malformed, [signer], "application/json");
  await raw(
    "with a member twice",
    document.replace(/("issue[dr]":)/, '"issued":"2020-01-01T00:00:00Z",$1'),
    malformed,
  );
  await raw("with a member too many", document.replace("{", '{"_also":1,'), malformed);
  await raw("with a space", document.replace("{", "{ "), malformed);
  await raw("with a time that is written otherwise", document.replace(/(:[0-9]{2})Z/, "$1.000Z"), malformed);
  await raw("cut off", document.slice(0, -1), malformed);
  await raw("too large", document.replace("{", `{"_also":"${"x".repeat(33_000)}",`), malformed);
  const [{ envelope = "" } = {}] = cases;
  const changed = (what: string, other: string, expect: string) =>
    cases.push({ name: what, now: NOW, document, envelope: other, ...shown, expect });
  changed(
    "whose signature was left out",
    envelope.replace(/"signatures":\[.*\]/, '"signatures":[]'),
    malformed,
  );
  changed("in an envelope with the payload twice", envelope.replace("{", '{"payload":"",'), malformed);
  for (const [what, bent, expect] of [
    ["moved to another place under its signature", document.replace("eu-1", "eu-2"), "wrong_set"],
    ["changed in one word under its signature", document.replace(...form.word), "unsigned"],
  ] as const) {
    const moved = envelope.replace(/"payload":"[^"]*"/, `"payload":"${btoa(bent)}"`);
    cases.push({
      name: what,
      now: NOW,
      document: bent,
      envelope: moved,
      ...shown,
      expect: `${name}.${expect}`,
    });
  }
  return cases;
}

const orderForm: Form<Order> = {
  name: "order",
  type: "application/vnd.polity.order.v1+json",
  usual: ORDER,
  encode: encodeOrder,
  signer: CLEO,
  other: ONLINE,
  word: ["quarantine", "terminate"],
  own: [
    [
      "terminate, of a workload",
      { ordered: { kind: "terminate" }, subject: { kind: "workload", digest: IMAGE } },
      "good",
    ],
    [
      "a release, which names what contained",
      { ordered: { kind: "release", containment: "0190a5de-0000-7000-8000-00000000000c" } },
      "good",
    ],
    [
      "trust of a zone, by who may set trust",
      { ordered: { kind: "trust", trust: 300 }, subject: { kind: "zone", zone: "dmz" }, issuer: "rating" },
      "good",
      ONLINE,
    ],
    ["trust, by who may contain", { ordered: { kind: "trust", trust: 1_000 } }, "unsigned"],
    ["by an issuer whom nobody named", { issuer: "stranger" }, "unsigned"],
  ],
};

const approvalForm: Form<Approval> = {
  name: "approval",
  type: "application/vnd.polity.approval.v1+json",
  usual: APPROVAL,
  encode: encodeApproval,
  signer: BERT,
  other: EMIL,
  word: ["approved", "rejected"],
  own: [
    ["a rejection", { decision: "rejected" }, "good"],
    ["in the name of somebody else", { approver: { type: "User", id: "cleo" } }, "unsigned"],
    ["by an approver of another type", { approver: { type: "Agent", id: "bert" } }, "unsigned"],
    ["by nobody's approver", { approver: { type: "User", id: "anna" } }, "unsigned", ANNA],
  ],
};

const attestationForm: Form<Attestation> = {
  name: "attestation",
  type: "application/vnd.in-toto+json",
  usual: ATTESTATION,
  encode: encodeAttestation,
  signer: EMIL,
  other: CLEO,
  word: ["production", "staging"],
  own: [
    ["about the workload of another agent", { agent: { type: "Agent", id: "agent-8" } }, "wrong_agent"],
    ["about an agent of another type", { agent: { type: "User", id: "agent-7" } }, "wrong_agent"],
    ["by an attester whom nobody named", { issuer: "stranger" }, "unsigned"],
    ["by one who may contain", { issuer: "watch" }, "unsigned", CLEO],
  ],
};

export async function paperCases(): Promise<ReadonlyMap<PaperName, readonly PaperCase[]>> {
  return new Map([
    ["order", await casesOf(orderForm)],
    ["approval", await casesOf(approvalForm)],
    ["attestation", await casesOf(attestationForm)],
  ]);
}
