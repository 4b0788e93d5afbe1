/** Writes compiler/zones.json from the compiled tzdata of this machine (Debian's package `tzdata`). */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const FOLDER = "/usr/share/zoneinfo";
const YEAR_1 = -62_135_596_800;

/** The text of zones.json; throws where the folder is not there or not as expected. */
export function zonesText(folder = FOLDER): string {
  const lines = readFileSync(join(folder, "tzdata.zi"), "utf8").split("\n");
  const release = /^# version (\S+)$/.exec(lines[0] ?? "")?.[1];
  if (release === undefined) throw new Error("tzdata.zi does not say its release");
  const names = lines.flatMap((line) => /^(?:Z|L \S+) (\S+)/.exec(line)?.[1] ?? []).sort();
  const zones: string[] = [];
  const known = new Map<string, number>();
  const indices = names.map((name) => {
    const packed = pack(readFileSync(join(folder, name)));
    const index = known.get(packed) ?? zones.push(packed) - 1;
    known.set(packed, index);
    return [name, index] as const;
  });
  const generated = "by scripts/generate-zones.ts from Debian's package tzdata";
  return `${JSON.stringify({ generated, release, names: Object.fromEntries(indices), zones }, null, 2)}\n`;
}

/** The second block of a TZif file (RFC 9636, section 3), with 64-bit times. */
function pack(file: Buffer): string {
  const sizes = (at: number) => [20, 24, 28, 32, 36, 40].map((offset) => file.readUInt32BE(at + offset));
  const [isUt = 0, isStd = 0, leap = 0, times = 0, types = 0, chars = 0] = sizes(0);
  const second = 44 + times * 5 + types * 6 + chars + leap * 8 + isStd + isUt;
  const [isUt2 = 0, isStd2 = 0, leap2 = 0, count = 0, kinds = 0, letters = 0] = sizes(second);
  if (file.toString("latin1", second, second + 4) !== "TZif" || leap2 !== 0)
    throw new Error("not a TZif file");
  const at = second + 44;
  const typesAt = at + count * 9;
  const offsetOf = (kind: number) => file.readInt32BE(typesAt + kind * 6);
  let initial = offsetOf(0);
  const transitions: { at: number; offset: number }[] = [];
  for (let n = 0; n < count; n += 1) {
    const time = Number(file.readBigInt64BE(at + n * 8));
    const offset = offsetOf(file.readUInt8(at + count * 8 + n));
    if (time < YEAR_1 - 86_400) initial = offset;
    else if (offset !== (transitions.at(-1)?.offset ?? initial)) transitions.push({ at: time, offset });
  }
  const end = typesAt + kinds * 6 + letters + leap2 * 12 + isStd2 + isUt2;
  const footer = file.toString("latin1", end).trim();
  return packed(initial, transitions, footer);
}

function packed(
  initial: number,
  transitions: readonly { at: number; offset: number }[],
  footer: string,
): string {
  const offsets = [...new Set([initial, ...transitions.map(({ offset }) => offset)])];
  let before = 0;
  const steps = [`${offsets.indexOf(initial)}`];
  for (const { at, offset } of transitions) {
    steps.push((at - before).toString(36), `${offsets.indexOf(offset)}`);
    before = at;
  }
  const hasRule = footer.includes(",");
  return [
    offsets.map((offset) => offset.toString(36)).join(" "),
    steps.join(" "),
    hasRule ? footer : "",
  ].join(";");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(new URL("../compiler/zones.json", import.meta.url), zonesText());
}
