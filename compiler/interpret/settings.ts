/** What the facts say beside entities: settings (spec 7.6.2). */
import type { Checked, Value } from "../checked.ts";
import { isDenial } from "./denial.ts";
import type { Refusal } from "./facts.ts";
import { decodeFields, resolveFields } from "./input.ts";
import { ownData } from "./objects.ts";

/** The value of each setting: the one given, or else the policy's own (spec 7.6.2, 7.6.3). */
export function readSettings({ types }: Checked, raw: unknown): ReadonlyMap<string, Value> | Refusal {
  const given = raw === undefined ? new Map<string, unknown>() : ownData(raw);
  if (given === undefined) return refused("facts.invalid", "`settings` is not an object");
  const declared = types.settings ?? [];
  const whole = new Map([...declared.map(({ name, standard }) => [name, standard] as const), ...given]);
  const written = decodeFields(Object.fromEntries(whole), declared, types);
  const values = isDenial(written) ? written : resolveFields(written, declared, types);
  if (!isDenial(values)) return values;
  switch (values.deny) {
    case "input.unknown_field":
      return refused("facts.unknown_setting", "the policy has no such setting");
    case "input.out_of_range":
      return refused("facts.out_of_range", "a setting is out of its range");
    case "input.too_large":
      return refused("facts.too_large", "a setting is too large");
    default:
      return refused("facts.invalid", "a setting is not of its type");
  }
}

function refused(code: Refusal["code"], message: string): Refusal {
  return { code, message, entity: null };
}
