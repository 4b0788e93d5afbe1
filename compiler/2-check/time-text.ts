/** Times as a request file has them: RFC 3339 in UTC, and durations by units. */

const MS_PER_DAY = 86_400_000n;
const UNITS: readonly (readonly [string, bigint])[] = [
  ["d", MS_PER_DAY],
  ["h", 3_600_000n],
  ["m", 60_000n],
  ["s", 1_000n],
  ["ms", 1n],
];

/** Within years 1 to 9999, as literals are. */
export function timestampText(ms: bigint): string {
  const inDay = ((ms % MS_PER_DAY) + MS_PER_DAY) % MS_PER_DAY;
  const days = (ms - inDay) / MS_PER_DAY;
  const [year, month, day] = civil(Number(days));
  const clock = Number(inDay);
  const [h, m, s] = [
    Math.floor(clock / 3_600_000),
    Math.floor(clock / 60_000) % 60,
    Math.floor(clock / 1_000) % 60,
  ];
  const fraction = clock % 1_000 === 0 ? "" : `.${digits(clock % 1_000, 3)}`;
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  return `${date}T${digits(h, 2)}:${digits(m, 2)}:${digits(s, 2)}${fraction}Z`;
}

/** `1h30m`, `-15m`, `0s`: each unit at most once, descending. */
export function durationText(ms: bigint): string {
  let rest = ms < 0n ? -ms : ms;
  if (rest === 0n) return "0s";
  let text = ms < 0n ? "-" : "";
  for (const [unit, size] of UNITS) {
    if (rest >= size) text += `${rest / size}${unit}`;
    rest %= size;
  }
  return text;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

/**
 * Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar. Years are counted from
 * March, so that the leap day is the last of its year: then months have lengths that one line can compute.
 */
function civil(days: number): readonly [number, number, number] {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leapDays =
    Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}
