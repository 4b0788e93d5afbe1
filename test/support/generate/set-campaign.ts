/** Policy sets of generated members: hosts over evaluators against the reference, whole answers. */
import type { Outcome } from "@polity/runtime/decision.ts";
import { type HostSet, openSet, outcomeOf } from "@polity/runtime/index.ts";
import { loadFacts } from "../../../compiler/interpret/facts.ts";
import {
  type Answered,
  answerMembers,
  answerTogether,
  type Judge,
  type SetAnswer,
} from "../../../compiler/interpret/set.ts";
import { denied } from "../../../compiler/interpret/verdict.ts";
import { increment } from "./counts.ts";
import { withDigest } from "./engines.ts";
import { generateFacts } from "./facts.ts";
import { type GroupMember, generateGroup, merge } from "./groups.ts";
import { bend } from "./hostile.ts";
import { createRandom } from "./random.ts";
import { type GeneratedRequest, generateRequest, OWN_DIGEST } from "./requests.ts";
import { coverSet } from "./set-coverage.ts";
import { batchMembers, type OpenMember, type OpenMembers, shippedMembers } from "./set-hosts.ts";
import { show } from "./show.ts";

export interface SetOptions {
  readonly seed: number;
  /** Numbers of the sets to try. */
  readonly numbers: readonly number[];
  readonly requests: number;
  readonly report: (disagreement: string) => void;
}

export interface SetResult {
  decisions: number;
  disagreements: number;
  /** By what `SET_ROWS` names. */
  readonly rows: Map<string, number>;
}

/** Sets are drawn from other numbers than programs. */
const STREAM = 77;
/** Of so many sets one has members that are built alone. */
const SINGLE_EACH = 12;
/** Before the last requests one member is spoilt. */
const SPOILT_SHARE = 0.1;

export async function runSets(options: SetOptions, result: SetResult): Promise<void> {
  const groups = options.numbers.map((number) => {
    return { number, members: generateGroup(createRandom(options.seed, number, STREAM)) };
  });
  const open = await batchMembers(groups.flatMap(({ members }) => members.map(({ checked }) => checked)));
  let first = 0;
  for (const { number, members } of groups) {
    const start = first;
    first += members.length;
    const alone = number % SINGLE_EACH === 0 ? await shippedMembers(members.map((one) => one.checked)) : null;
    const openOne: OpenMembers = alone ?? ((member, facts) => open(start + member, facts));
    await trySet(options, result, number, members, openOne);
  }
}

interface Trial {
  readonly options: SetOptions;
  readonly result: SetResult;
  readonly number: number;
  readonly members: readonly GroupMember[];
  readonly set: HostSet;
  readonly judges: readonly Judge[];
  /** The facts, for a report. */
  readonly facts: string;
  /** Members that no longer are what they were. */
  readonly spoilt: Set<string>;
}

async function trySet(
  options: SetOptions,
  result: SetResult,
  number: number,
  members: readonly GroupMember[],
  open: OpenMembers,
): Promise<void> {
  const random = createRandom(options.seed, number, STREAM, 1);
  const { json, source } = generateFacts(random, merge(members));
  const facts = JSON.stringify(json);
  const opened = await Promise.all(members.map((_, at) => open(at, facts)));
  const set = openSet(
    members.map(({ name, shadow }, at) => ({ name, shadow, host: (opened[at] as OpenMember).host })),
  );
  if (!set.ok) throw new Error(`set ${number}: ${set.code}: ${set.message}`);
  const judges = members.map(({ name, shadow, checked }): Judge => {
    const loaded = loadFacts(checked, json);
    if (!loaded.ok) throw new Error(`set ${number}: ${loaded.refusal.message}`);
    return { name, shadow, checked, facts: loaded.facts };
  });
  const spoilt = new Set<string>();
  const trial: Trial = { options, result, number, members, set: set.set, judges, facts, spoilt };
  for (let n = 0; n < options.requests; n += 1) {
    const isLate = n > options.requests * (1 - SPOILT_SHARE);
    if (isLate && spoilt.size === 0) {
      const at = random.below(members.length);
      await opened[at]?.spoil();
      spoilt.add(members[at]?.name ?? "");
    }
    const regular = generateRequest(source, 0.3);
    compare(trial, random.chance(0.12) ? bend(random, regular) : regular);
  }
}

function compare(trial: Trial, request: GeneratedRequest): void {
  const { result, members, set, judges, spoilt } = trial;
  const { action, fields, entities } = request;
  const named = set.request(action, fields, entities);
  const header = named.ok ? withDigest(request.header, named.digest) : request.header;
  const decided = set.decide(action, fields, header, entities);
  result.decisions += 1;
  const { rulesTotal, errorsTotal } = decided;
  const told = decided.members.map(({ name, kind, shadow, decision }): Answered => {
    const { rulesTotal, errorsTotal } = decision;
    return { name, kind, shadow, outcome: outcomeOf(decision), rulesTotal, errorsTotal };
  });
  const said = new Map(told.map((one) => [one.name, one]));
  const expected = answerTogether(
    answerMembers(judges, { ...request, digest: OWN_DIGEST }).map((member) =>
      spoilt.has(member.name) ? afterSpoiling(member, said.get(member.name)) : member,
    ),
  );
  coverSet(result.rows, decided, members, action);
  if (Array.isArray(entities) && entities.length > 0 && decided.rules.length > 0) {
    increment(result.rows, "set: entities come with the request");
  }
  const hosts = written({ outcome: outcomeOf(decided), rulesTotal, errorsTotal, members: told });
  const reference = written(expected);
  if (hosts !== reference) disagree(trial, request, hosts, reference);
}

/** What it says, if it says something, nobody knows beforehand: what becomes of that in the set is known. */
function afterSpoiling(member: Answered, said: Answered | undefined): Answered {
  const code = said?.outcome.code ?? "rule";
  const isLost = code === "host.trap" || code === "host.not_ready" || code === "host.mismatch";
  return isLost ? { ...member, outcome: denied(code), rulesTotal: 0, errorsTotal: 0 } : (said ?? member);
}

/** In one order. */
function written({ outcome, rulesTotal, errorsTotal, members }: SetAnswer): string {
  const all = members.map((one) => {
    const { name, kind, shadow } = one;
    return [name, kind, shadow, inOrder(one.outcome), one.rulesTotal, one.errorsTotal];
  });
  return show([inOrder(outcome), rulesTotal, errorsTotal, all]);
}

function inOrder({ verdict, code, granted, ...rest }: Outcome): Outcome {
  const { rules, errors, reasons, notes, obligations, shadow } = rest;
  const told = { verdict, code, granted, rules, errors, reasons, notes, obligations };
  return { ...told, ...(shadow !== undefined && { shadow }) };
}

function disagree(
  { options, result, number, members, facts }: Trial,
  request: GeneratedRequest,
  hosts: string,
  reference: string,
): void {
  result.disagreements += 1;
  const lines = [
    `seed ${options.seed}, set ${number}`,
    ...members.map(({ name, text, shadow }) => `--- ${name}${shadow ? " (shadow)" : ""}\n${text}`),
    `facts ${facts}`,
    `request ${show(request)}`,
    `reference: ${reference}`,
    `hosts: ${hosts}`,
  ];
  options.report(lines.join("\n"));
}
