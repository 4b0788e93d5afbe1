/** Numbers and times in the canonical form of requests (spec 8.5.3). */
import { DECIMAL_SCALE } from "@polity/runtime/layout.ts";
import { daysSince1970 } from "./scalars.ts";

/** The shortest text with at most four digits after the point. */
export function writeDecimal(scaled: bigint): string {
  const size = scaled < 0n ? -scaled : scaled;
  const whole = `${scaled < 0n ? "-" : ""}${size / DECIMAL_SCALE}`;
  const fraction = String(DECIMAL_SCALE + (size % DECIMAL_SCALE)).slice(1);
  const end = fraction.search(/0*$/);
  return end === 0 ? whole : `${whole}.${fraction.slice(0, end)}`;
}

const DAY_MS = 86_400_000n;

/** RFC 3339 with `Z`; milliseconds only where there are some. Years 1 to 9999. */
export function writeTimestamp(ms: bigint): string {
  const clock = ((ms % DAY_MS) + DAY_MS) % DAY_MS;
  const day = (ms - clock) / DAY_MS;
  const year = last(1, 9_999, (candidate) => daysSince1970(candidate, 1, 1) <= day);
  const month = last(1, 12, (candidate) => daysSince1970(year, candidate, 1) <= day);
  const date = [digits(year, 4), digits(month, 2), digits(day - daysSince1970(year, month, 1) + 1n, 2)].join(
    "-",
  );
  const time = [clock / 3_600_000n, (clock / 60_000n) % 60n, (clock / 1_000n) % 60n].map((part) =>
    digits(part, 2),
  );
  const fraction = clock % 1_000n === 0n ? "" : `.${digits(clock % 1_000n, 3)}`;
  return `${date}T${time.join(":")}${fraction}Z`;
}

/** The last number of a range for which something is true that is true up to some point. */
function last(from: number, to: number, isTrue: (candidate: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isTrue(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function digits(value: number | bigint, width: number): string {
  return String(value).padStart(width, "0");
}
