/** The next version of a trust root, by what is to change in it. */

import { readCount } from "@polity/lineage/count.ts";
import { parseJson } from "@polity/runtime/json.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import { encodeTrustRoot, type Role, type TrustRoot } from "@polity/runtime/trust-root.ts";
import { failure } from "./failure.ts";
import { type Invocation, usage } from "./invocation.ts";
import { readTrusted } from "./key-files.ts";
import type { Plan } from "./trust-plan.ts";
import { quoted } from "./words.ts";

/** The roles that options reach; whatever else changes is planned. */
const ROLES = ["root", "policy", "freshness"] as const;
type EditedRole = (typeof ROLES)[number];

export const EDITS = ["add", "remove", "threshold"] as const;

export interface Edited {
  readonly plan: Plan;
  /** By the names that the plan has for them, which are ids. */
  readonly known: ReadonlyMap<string, PublicKey>;
}

/** Fails where an option means nothing here. */
export async function editedRoot(invocation: Invocation, previous: TrustRoot): Promise<Edited> {
  const known = new Map(previous.keys);
  const roles = new Map<EditedRole, { keys: readonly string[]; threshold: number }>();
  for (const role of ROLES) roles.set(role, roleOf(previous[role]));
  for (const { role, value } of roleOptions(invocation, "remove")) {
    const of = roles.get(role)!;
    const id = known.has(value) ? value : (await readTrusted(value)).id;
    if (!of.keys.includes(id))
      throw failure(`${quoted(value)} is no key of the role ${role}`, rolesHint(previous, role));
    of.keys = of.keys.filter((one) => one !== id);
  }
  for (const { role, value } of roleOptions(invocation, "add")) {
    const of = roles.get(role)!;
    const key = known.get(value) ?? (await readTrusted(value));
    if (of.keys.includes(key.id)) throw failure(`${quoted(value)} is a key of the role ${role} already`);
    known.set(key.id, key);
    of.keys = [...of.keys, key.id];
  }
  for (const { role, value } of roleOptions(invocation, "threshold")) {
    const count = readCount(value);
    if (count === null)
      throw usage(invocation.command, `--threshold is ROLE=K, not ${quoted(`${role}=${value}`)}`);
    roles.get(role)!.threshold = count;
  }
  const plan = planOf(previous);
  const changed = [...roles].map(([role, { keys, threshold }]) => {
    return [role, { ...(plan[role] as Plan), keys, threshold }] as const;
  });
  return { plan: { ...plan, ...Object.fromEntries(changed) }, known };
}

function roleOf({ keys, threshold }: Role): { keys: readonly string[]; threshold: number } {
  return { keys, threshold };
}

function rolesHint(previous: TrustRoot, role: EditedRole): string {
  return `version ${previous.version} has ${previous[role].keys.join(", ")}`;
}

/** What a version says, but for what every version says anew. */
function planOf(root: TrustRoot): Plan {
  const parsed = parseJson(new TextDecoder().decode(encodeTrustRoot(root)));
  if (!parsed.ok) throw new Error(parsed.message);
  const { version: _, keys: __, expires: ___, minEpoch: ____, ...plan } = parsed.value as Plan;
  return plan;
}

/** `ROLE=VALUE`, as often as it was given. */
function roleOptions({ command, lists }: Invocation, option: (typeof EDITS)[number]) {
  return (lists.get(option) ?? []).map((text) => {
    const at = text.indexOf("=");
    const role = ROLES.find((known) => known === text.slice(0, at));
    const value = text.slice(at + 1);
    if (role !== undefined && value !== "") return { role, value };
    const what = option === "threshold" ? "ROLE=K" : "ROLE=KEY";
    throw usage(command, `--${option} is ${what} with a role root, policy or freshness, not ${quoted(text)}`);
  });
}
