/** One snapshot for all members of a policy set (spec 10.7). */
import type { Checked } from "../checked.ts";
import { isDenial } from "./denial.ts";
import { type Facts, loadFacts, type Refusal } from "./facts.ts";
import { ownData, readItems } from "./objects.ts";
import { compareText } from "./values.ts";

export interface Reader {
  readonly name: string;
  readonly checked: Checked;
}

export type SetFacts =
  | { readonly ok: true; readonly facts: ReadonlyMap<string, Facts> }
  | { readonly ok: false; readonly refusal: Refusal; readonly member: string | null };

type Kind = "entity" | "setting" | "table";

/** Each member's facts by its name; refused is what nobody declares, then what the first member refuses. */
export function loadSetFacts(readers: readonly Reader[], snapshot: unknown): SetFacts {
  const surplus = undeclared(readers, snapshot);
  if (surplus !== null) return { ok: false, refusal: surplus, member: null };
  const facts = new Map<string, Facts>();
  for (const { name, checked } of [...readers].sort((a, b) => compareText(a.name, b.name))) {
    const isTaken = (kind: Kind, of: string) =>
      declares(checked, kind, of) || !readers.some((other) => declares(other.checked, kind, of));
    const loaded = loadFacts(checked, taken(snapshot, isTaken));
    if (!loaded.ok) return { ok: false, refusal: loaded.refusal, member: name };
    facts.set(name, loaded.facts);
  }
  return { ok: true, facts };
}

function declares({ types }: Checked, kind: Kind, name: string): boolean {
  if (kind === "entity") return types.entities.has(name);
  const named = (kind === "setting" ? types.settings : types.tables) ?? [];
  return named.some((one) => one.name === name);
}

function undeclared(readers: readonly Reader[], snapshot: unknown): Refusal | null {
  const parts = ownData(snapshot);
  const isDeclared = (kind: Kind, name: string) =>
    readers.some(({ checked }) => declares(checked, kind, name));
  const items = readItems(parts?.get("entities"), Number.POSITIVE_INFINITY);
  for (const item of isDenial(items) ? [] : items) {
    const entity = ownData(item);
    const [type, id] = [entity?.get("type"), entity?.get("id")];
    if (typeof type !== "string" || typeof id !== "string" || isDeclared("entity", type)) continue;
    return { code: "facts.unknown_type", message: "no member has such an entity type", entity: { type, id } };
  }
  for (const name of ownData(parts?.get("settings"))?.keys() ?? []) {
    if (isDeclared("setting", name)) continue;
    return { code: "facts.unknown_setting", message: "no member has such a setting", entity: null };
  }
  for (const name of ownData(parts?.get("tables"))?.keys() ?? []) {
    if (isDeclared("table", name)) continue;
    return { code: "facts.unknown_table", message: "no member has such a table", entity: null };
  }
  return null;
}

/** What has not its form stays, for the member to refuse. */
function taken(snapshot: unknown, isTaken: (kind: Kind, name: string) => boolean): unknown {
  const parts = ownData(snapshot);
  if (parts === undefined) return snapshot;
  const some = (kind: Kind, raw: unknown): unknown => {
    const members = ownData(raw);
    return members && Object.fromEntries([...members].filter(([name]) => isTaken(kind, name)));
  };
  const part = (key: string, raw: unknown): unknown => {
    if (key === "settings" || key === "tables")
      return some(key === "tables" ? "table" : "setting", raw) ?? raw;
    const items = key === "entities" ? readItems(raw, Number.POSITIVE_INFINITY) : [];
    if (key !== "entities" || isDenial(items)) return raw;
    return items.filter((item) => {
      const type = ownData(item)?.get("type");
      return typeof type !== "string" || isTaken("entity", type);
    });
  };
  return Object.fromEntries([...parts].map(([key, raw]) => [key, part(key, raw)]));
}
