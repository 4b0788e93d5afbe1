/**
 * One process of the benchmark: `node benchmarks/child.ts prepare SECTION FOLDER OPTIONS` builds what a
 * section needs; `… run SECTION FOLDER OPTIONS ROW ENGINE` measures one case and prints what it found.
 */
import type { Options } from "./section.ts";
import { openSection } from "./sections.ts";

const [task = "", name = "", folder = "", given = "{}", row = "", engine = ""] = process.argv.slice(2);
const options = JSON.parse(given) as Options;
const section = await openSection(name);
if (task === "prepare") await section.prepare?.(folder, options);
else {
  const rows = await section.run({ row, engine }, folder, options);
  process.stdout.write(`${JSON.stringify(rows)}\n`);
}
