/**
 * Obligations that change the request: fields leave it, numbers get smaller. What is changed is judged anew
 * before anything is released, so no handler can make a request that the policy would not allow.
 */
import { decimalText, readDecimal } from "@polity/runtime/scalars.ts";
import type { ObligationHandler } from "./handler.ts";

export const redact: ObligationHandler = {
  declaration: { name: "redact", arguments: { fields: "set<string>" } },
  discharge: ({ arguments: given }, { fields }) => {
    if (!Array.isArray(given.fields)) throw new Error("`redact` names no fields");
    let changed = fields;
    for (const path of given.fields) changed = changeAt(changed, pathOf(path), () => REMOVED);
    return changed === fields ? undefined : { fields: changed };
  },
};

export const cap: ObligationHandler = {
  declaration: { name: "cap", arguments: { field: "string", at: "decimal" } },
  discharge: ({ arguments: given }, { fields }) => {
    const most = readDecimal(given.at);
    if (most === undefined) throw new Error("`cap` says no number");
    const changed = changeAt(fields, pathOf(given.field), (value) => capped(value, BigInt(most)));
    return changed === fields ? undefined : { fields: changed };
  },
};

/** Ten thousandths: what decimals are counted in. */
const SCALE = 10_000n;

/** Of an integer the greatest one that is not above. */
function capped(value: unknown, most: bigint): unknown {
  const given = readDecimal(value);
  if (given === undefined) throw new Error("what `cap` lowers is no number");
  if (BigInt(given) <= most) return value;
  const isInteger = typeof value === "number" && Number.isInteger(value);
  if (!isInteger) return decimalText(most);
  const whole = most / SCALE - (most % SCALE < 0n ? 1n : 0n);
  return Number(whole);
}

// ---- a place in the fields

const REMOVED = Symbol("removed");

function pathOf(value: unknown): readonly string[] {
  if (typeof value !== "string" || value === "") throw new Error("a field has no name");
  return value.split(".");
}

/**
 * The same value where nothing is there, or nothing changes. A list's members are each looked into. Copies:
 * what was given is somebody else's.
 */
function changeAt(value: unknown, path: readonly string[], change: (value: unknown) => unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const members = value.map((one) => changeAt(one, path, change));
    return members.some((one, at) => one !== value[at]) ? members : value;
  }
  const [name = "", ...rest] = path;
  if (!Object.hasOwn(value, name)) return value;
  const before = (value as Readonly<Record<string, unknown>>)[name];
  const after = rest.length === 0 ? change(before) : changeAt(before, rest, change);
  if (after === before) return value;
  const entries = Object.entries(value).flatMap(([key, one]): [string, unknown][] => {
    if (key !== name) return [[key, one]];
    return after === REMOVED ? [] : [[key, after]];
  });
  return Object.fromEntries(entries);
}
