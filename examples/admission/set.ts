/**
 * What the policy and the guard say together, as a host with both would have it: by `openSet` over
 * evaluators, or by the reference meaning of sets.
 */
import type { Checked } from "@polity/compiler/checked.ts";
import { judgeSet } from "@polity/compiler/interpret/set.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Outcome, Reason } from "@polity/runtime/decision.ts";
import { openSet, outcomeOf } from "@polity/runtime/index.ts";
import { compileFile } from "../../cli/compile-file.ts";
import type { Desk } from "../../cli/desk.ts";
import { type EngineName, type Ready, referenceEngine } from "../../cli/engines.ts";
import { requestNamer } from "../../cli/request-digest.ts";

export interface MemberFile {
  readonly name: string;
  readonly path: string;
}

interface Member {
  readonly name: string;
  readonly checked: Checked;
}

/** The facts are the bytes of a file; every member reads the same. */
export async function openSetDesk(
  files: readonly MemberFile[],
  facts: Uint8Array,
  engine: EngineName,
): Promise<Desk> {
  const members = await Promise.all(files.map(memberOf));
  const [first] = members;
  if (first === undefined) throw new Error("a set has at least one member");
  const { types, actions, policy } = first.checked;
  return {
    decide: await (engine === "wasm" ? hostSet(members, facts) : referenceSet(members, facts)),
    policy: policy.name,
    evaluator: "",
    facts: "",
    readsTrust: members.some(({ checked }) => checked.readsTrust),
    nameRequest: requestNamer(types, actions),
  };
}

async function memberOf({ name, path }: MemberFile): Promise<Member> {
  const { checked } = await compileFile(path, null);
  if (checked === null) throw new Error(`${path} has errors`);
  return { name, checked };
}

async function hostSet(members: readonly Member[], facts: Uint8Array): Promise<Ready["decide"]> {
  const opened = openSet(
    await Promise.all(
      members.map(async ({ name, checked }) => {
        const { wasm } = await buildEvaluator(checked);
        const loaded = await loadUnsigned(wasm, { facts });
        if (!loaded.ok) throw new Error(`${name}: ${loaded.code}: ${loaded.message}`);
        return { name, host: loaded.host };
      }),
    ),
  );
  if (!opened.ok) throw new Error(`${opened.code}: ${opened.message}`);
  const { set } = opened;
  return ({ action, fields, header }) => outcomeOf(set.decide(action, fields, header));
}

async function referenceSet(members: readonly Member[], facts: Uint8Array): Promise<Ready["decide"]> {
  const ready = await Promise.all(
    members.map(async ({ name, checked }) => {
      const loaded = await referenceEngine(checked).load(facts);
      if ("refusal" in loaded) throw new Error(`${name}: ${loaded.refusal.message}`);
      return { name, kind: checked.kind, answer: loaded.answer };
    }),
  );
  return (request) => {
    const said = ready
      .map(({ name, kind, answer }) => ({ name, kind, shadow: false, outcome: answer(request) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const together = judgeSet(said);
    const deciding = said.filter(({ outcome }) => outcome.verdict === together.verdict);
    return {
      ...together,
      reasons: deciding.flatMap(({ name, outcome }) => named(name, outcome.reasons)),
      notes: said.flatMap(({ name, outcome }) => named(name, outcome.notes)),
    } satisfies Outcome;
  };
}

function named(member: string, told: readonly Reason[]): readonly Reason[] {
  return told.map(({ rule, parts }) => ({ rule: `${member}/${rule}`, parts }));
}
