/** Members of policy sets: random policies and guards that share a schema, and so the facts. */

import type { Checked } from "../../../compiler/checked.ts";
import { compile } from "../../../compiler/pipeline.ts";
import { generateCondition } from "./conditions.ts";
import { generateDefinitions } from "./definitions.ts";
import { complete, generateErringRules, printHead } from "./program.ts";
import type { Random } from "./random.ts";
import { generateRule, type Kind, type World } from "./rules.ts";
import { generateSchema, type Schema } from "./schema.ts";
import { printSchema } from "./schema-text.ts";

export interface GroupMember {
  readonly name: string;
  readonly text: string;
  readonly checked: Checked;
  readonly shadow: boolean;
}

/** So that members impose the same. */
const SAME: Schema["obligations"][number] = { name: "same", phase: "", parameters: [] };

/** Attempts at a member that the checker accepts. */
const ATTEMPTS = 6;

/** Two members or more. */
export function generateGroup(random: Random): readonly GroupMember[] {
  for (;;) {
    const declared = complete(random, generateSchema(random));
    const schema = { ...declared, obligations: [...declared.obligations, SAME] };
    const members: GroupMember[] = [];
    for (let left = random.between(2, 5); left > 0; left -= 1) {
      const shadow = members.length > 0 && random.chance(0.25);
      const found = generateMember(random, schema, members.length === 0, shadow ? 0.9 : 0.6);
      if (found === undefined) continue;
      members.push({ name: `m${members.length}`, shadow, ...found });
    }
    if (members.length > 1) return random.shuffle(members);
  }
}

function generateMember(
  random: Random,
  schema: Schema,
  isFirst: boolean,
  share: number,
): Pick<GroupMember, "text" | "checked"> | undefined {
  for (let left = ATTEMPTS; left > 0; left -= 1) {
    const kind = random.chance(isFirst ? 0.1 : 0.35) ? "guard" : "policy";
    const actions = random.some(schema.actions, isFirst ? 0.75 : share);
    if (actions.length === 0) continue;
    const text = printMember(random, { ...schema, actions }, kind);
    const { value } = compile({ file: "member.pol", text });
    if (value !== null) return { text, checked: value };
  }
  return undefined;
}

/** Half of the policies grant whatever nobody restricts. */
function printMember(random: Random, schema: Schema, kind: Kind): string {
  const definitions = generateDefinitions(random, schema);
  const parts = [...printHead(random, kind), ...printSchema(schema), ...definitions.lines];
  const world: World = {
    kind,
    schema,
    definitions,
    condition: generateCondition,
    absentOk: 1,
    everywhere: 0.4,
  };
  const count = random.between(1, 5);
  for (let n = 0; n < count; n += 1) parts.push(generateRule(random, world, `r${n}`));
  parts.push(...generateErringRules(random, world, 0.25));
  if (random.chance(0.45)) parts.push(generateStop(random, schema));
  const names = schema.actions.map(({ name }) => name).join(", ");
  if (kind === "policy" && random.chance(0.5)) parts.push(`allow base on ${names} always oblige same`);
  return `${parts.join("\n")}\n`;
}

/** Of every action, for some trusts. */
function generateStop(random: Random, schema: Schema): string {
  const verdicts = schema.subject === null ? ["hold", "deny"] : ["hold", "deny", "quarantine", "terminate"];
  const verdict = random.pick(verdicts);
  const group = [...schema.types.entities].find(([, { fromRequest }]) => fromRequest !== true)?.[0];
  const until = verdict === "hold" ? `\n  until approved by ${group}::"e1" within 1h` : "";
  return `${verdict} stop on *\n  when trust ${random.pick(["< 7", "== 7", "> 999", "in 100..500"])}${until}`;
}

/** All members as one, for facts and requests that come near to what any of them says. */
export function merge(members: readonly GroupMember[]): Checked {
  const all = members.map(({ checked }) => checked);
  const [first] = all;
  if (first === undefined) throw new Error("no members");
  const actions = new Map(all.flatMap((one) => one.actions.map((action) => [action.name, action])));
  const byName = [...actions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    ...first,
    actions: byName,
    rules: all.flatMap(({ rules }) => rules),
    entityLiterals: all.flatMap(({ entityLiterals }) => entityLiterals),
  };
}
