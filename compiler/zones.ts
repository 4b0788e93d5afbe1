/** Time zones of one tzdata release, from the generated table `zones.json`. */
import table from "./zones.json" with { type: "json" };

/** Times are seconds since 1970, offsets seconds east of UTC. */
export interface Zone {
  readonly name: string;
  /** Before the first transition. */
  readonly initial: number;
  /** Ascending. */
  readonly transitions: readonly { readonly at: number; readonly offset: number }[];
  /** From the last transition on, for ever; null where its offset stays. */
  readonly rule: ZoneRule | null;
}

export interface ZoneRule {
  readonly standard: number;
  readonly daylight: number;
  /** In standard time. */
  readonly start: RuleDay;
  /** In daylight time. */
  readonly end: RuleDay;
}

/** The `week`-th `weekday` (0 is Sunday) of a month, 5 for the last, and seconds from its midnight. */
export interface RuleDay {
  readonly month: number;
  readonly week: number;
  readonly weekday: number;
  readonly seconds: number;
}

export const TZDATA: string = table.release;

const NAMES: ReadonlyMap<string, number> = new Map(Object.entries(table.names));

export function zoneNames(): Iterable<string> {
  return NAMES.keys();
}

/** Null for a name that the release does not have. */
export function zoneOf(name: string): Zone | null {
  const index = NAMES.get(name);
  const packed = index === undefined ? undefined : table.zones[index];
  return packed === undefined ? null : { name, ...unpack(packed) };
}

/** `offset offset …;index delta index …;footer`: offsets and deltas in base 36. */
function unpack(packed: string): Omit<Zone, "name"> {
  const [offsets = "", steps = "", footer = ""] = packed.split(";");
  const values = offsets.split(" ").map((text) => Number.parseInt(text, 36));
  const [first = "0", ...rest] = steps.split(" ");
  const transitions: { at: number; offset: number }[] = [];
  let at = 0;
  for (let step = 0; step + 1 < rest.length; step += 2) {
    at += Number.parseInt(rest[step] ?? "", 36);
    transitions.push({ at, offset: values[Number(rest[step + 1])] ?? 0 });
  }
  return { initial: values[Number(first)] ?? 0, transitions, rule: readRule(footer) };
}

const NAME = "(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]+>)";
const TIME = "[+-]?\\d+(?::\\d+(?::\\d+)?)?";
const DAY = `M(\\d+)\\.(\\d)\\.(\\d)(?:/(${TIME}))?`;
const RULE = new RegExp(`^${NAME}(${TIME})${NAME}(${TIME})?,${DAY},${DAY}$`);

/** The last line of a TZif file (RFC 9636, section 3.3.1), of the forms that the release has. */
export function readRule(footer: string): ZoneRule | null {
  const match = RULE.exec(footer);
  if (match === null) return null;
  const [, west = "0", daylightWest] = match;
  const standard = -secondsOf(west);
  const daylight = daylightWest === undefined ? standard + 3600 : -secondsOf(daylightWest);
  return { standard, daylight, start: dayOf(match.slice(3, 7)), end: dayOf(match.slice(7, 11)) };
}

function dayOf([month, week, weekday, time]: readonly (string | undefined)[]): RuleDay {
  const seconds = secondsOf(time ?? "2");
  return { month: Number(month), week: Number(week), weekday: Number(weekday), seconds };
}

function secondsOf(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const [hours = 0, minutes = 0, seconds = 0] = text.replace(/^[+-]/, "").split(":").map(Number);
  return sign * (hours * 3600 + minutes * 60 + seconds);
}
