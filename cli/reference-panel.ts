/** Decisions made again by the reference semantics, from the sources that evaluators were compiled from. */
import type { Checked } from "@polity/compiler/checked.ts";
import { type Answered, answerTogether, decideSet, type Judge } from "@polity/compiler/interpret/set.ts";
import { loadSetFacts } from "@polity/compiler/interpret/set-facts.ts";
import { denied } from "@polity/compiler/interpret/verdict.ts";
import type { Artefacts } from "@polity/lineage/artefacts.ts";
import {
  ALONE,
  type Cast,
  keeping,
  type OpenPanel,
  type Panel,
  setProblem,
} from "@polity/lineage/replay-panel.ts";
import { unsignedSetDigest } from "@polity/lineage/set-digest.ts";
import { NO_FACTS } from "@polity/runtime/facts-none.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import { type EngineRequest, factsJson, type Ready, referenceEngine } from "./engines.ts";
import { requestNamer } from "./request-digest.ts";
import { namerOf } from "./set-desk.ts";

/** `programs`: by the digest of the evaluator that each compiles to. */
export function referencePanels(programs: ReadonlyMap<string, Checked>, artefacts: Artefacts): OpenPanel {
  return keeping(async (cast) => {
    const absent = cast.members.find(({ evaluator }) => !programs.has(evaluator));
    if (absent !== undefined) {
      const { policy, evaluator } = absent;
      const message = `no source that is given compiles to ${evaluator} (${policy})`;
      return { code: "replay.source_missing", message, artefact: evaluator };
    }
    const bytes = cast.facts === null ? utf8(NO_FACTS) : await artefacts.read(cast.facts);
    if (bytes === null) {
      const message = `the snapshot of facts ${cast.facts} is not among the artefacts`;
      return { code: "replay.artefact_missing", message, artefact: cast.facts };
    }
    const checked = (at: number) => programs.get(cast.members[at]!.evaluator)!;
    const wrong = await setProblem(cast, artefacts);
    if (wrong !== null) return wrong;
    if (cast.members[0]?.name !== null) return openSet(cast, checked, bytes);
    const ready = await referenceEngine(checked(0)).load(bytes);
    if ("refusal" in ready) return { ...ready.refusal, artefact: cast.facts };
    return alonePanel(cast, checked(0), ready);
  });
}

/** As a host narrows it: the last millisecond of a frame is included, that of a signature is not. */
function narrowed(header: Header, validity: Cast["members"][number]["validity"]): Header {
  if (validity === null) return header;
  const policyFrom = Math.max(header.policyFrom, validity.from);
  return { ...header, policyFrom, policyUntil: Math.min(header.policyUntil, validity.until - 1) };
}

const ready = async () => {};

function alonePanel(cast: Cast, { policy, types, actions }: Checked, { decide }: Ready): Panel {
  const { evaluator, validity } = cast.members[0]!;
  const signed = validity && { fromMs: validity.from, untilMs: validity.until };
  const who = { name: policy.name, evaluator, validity: signed };
  return {
    decide(action, fields, header, entities, lost) {
      const code = lost?.get(ALONE);
      const asked: EngineRequest = { action, fields, entities, header: narrowed(header, validity) };
      return { decision: code === undefined ? decide(asked) : denied(code), policy: who };
    },
    request: requestNamer(types, actions),
    knows: (action) => actions.some(({ name }) => name === action),
    ready,
  };
}

function openSet(cast: Cast, checkedAt: (at: number) => Checked, bytes: Uint8Array): ReturnType<OpenPanel> {
  const programs = cast.members.map(({ name, mode }, at) => {
    return { name: name ?? "", shadow: mode === "shadow", checked: checkedAt(at) };
  });
  const refuse = (code: string, message: string) => Promise.resolve({ code, message, artefact: cast.facts });
  const windows = new Set(cast.members.map(({ validity }) => JSON.stringify(validity)));
  if (windows.size > 1) return refuse("replay.reference", "members were signed for different times");
  const read = factsJson(bytes);
  if ("refusal" in read) return refuse(read.refusal.code, read.refusal.message);
  const loaded = loadSetFacts(programs, read.json);
  if (!loaded.ok) return refuse(loaded.refusal.code, loaded.refusal.message);
  const judges = programs.map((one): Judge => ({ ...one, facts: loaded.facts.get(one.name)! }));
  return Promise.resolve(setPanel(cast, judges));
}

function setPanel(cast: Cast, judges: readonly Judge[]): Panel {
  const nameRequest = namerOf(judges);
  const { epoch = 0, digest: signed = "" } = cast.set ?? {};
  const seats = new Map(cast.members.map((member) => [member.name ?? "", member]));
  const listed = judges.map(({ name, shadow }) => ({ name, shadow, evaluator: seats.get(name)!.evaluator }));
  const digest = epoch === 0 ? unsignedSetDigest(listed) : signed;
  const counted = judges.filter(({ shadow }) => !shadow);
  const known = new Set(counted.flatMap(({ checked }) => checked.actions.map(({ name }) => name)));
  const programs = new Map(judges.map(({ name, checked }) => [name, checked]));

  const memberOf = ({ name, shadow, outcome, rulesTotal, errorsTotal }: Answered) => {
    const { evaluator, validity } = seats.get(name)!;
    const window = validity && { fromMs: validity.from, untilMs: validity.until };
    const policy = programs.get(name)!.policy.name;
    const decision = { ...outcome, rulesTotal, errorsTotal };
    return { name, policy, evaluator, validity: window, isShadow: shadow, decision };
  };
  return {
    decide(action, fields, header, entities, lost) {
      const named = nameRequest(action, fields, entities);
      const own = narrowed(header, cast.members[0]!.validity);
      const request = { action, fields, entities, header: own, digest: named.ok ? named.digest : null };
      const asked = decideSet(judges, request);
      const answer =
        lost === undefined ? asked : answerTogether(asked.members.map((one) => without(one, lost)));
      const { outcome, rulesTotal, errorsTotal, members } = answer;
      const set = { digest, epoch, members: members.map(memberOf) };
      return { decision: { ...outcome, rulesTotal, errorsTotal }, policy: null, set };
    },
    request: nameRequest,
    knows: (action) => known.has(action),
    ready,
  };
}

function without(member: Answered, lost: Parameters<Panel["decide"]>[4]): Answered {
  const code = lost?.get(member.name);
  return code === undefined ? member : { ...member, outcome: denied(code), rulesTotal: 0, errorsTotal: 0 };
}
