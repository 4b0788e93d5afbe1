import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { decodeFactsFile } from "@polity/runtime/facts-file.ts";
import { type FactsFigures, factsFigures } from "../facts-figures.ts";
import { EXIT, failure } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { nameOf, readBytes } from "../read-file.ts";
import { columns } from "../table.ts";
import { type Paint, paintFor, printLine, write } from "../terminal.ts";
import { sizeText, visible } from "../words.ts";

export async function run({ operands, switches }: Invocation): Promise<number> {
  const [path = ""] = operands;
  const bytes = await readBytes(path);
  const file = decodeFactsFile(bytes, nodeCrypto.sha256);
  if ("code" in file) {
    const hint = "pol facts build makes them from a policy and its facts";
    throw failure(`${nameOf(path)}: ${file.code}: ${file.message}`, hint, EXIT.no);
  }
  const figures = factsFigures(file);
  if (switches.has("json")) await printLine(JSON.stringify({ file: path, size: bytes.length, ...figures }));
  else await write(figuresText(path, bytes.length, figures, paintFor("out")));
  return EXIT.done;
}

function figuresText(path: string, size: number, figures: FactsFigures, paint: Paint): string {
  const { facts, layout, policy, entities, types, tables, memoryBytes } = figures;
  const each = entities === 0 ? "" : `, ${Math.round(memoryBytes / entities)} bytes an entity`;
  const head = [
    ["facts", facts],
    ["built for", `${visible(policy.name)} version ${policy.version}, layout ${layout}`],
    ["size", sizeText(size)],
    ["memory", `${sizeText(memoryBytes)} in each thread${each}`],
  ];
  const section = (title: string, rows: readonly (readonly string[])[]) =>
    rows.length === 0 ? [] : ["", paint("strong", title), ...indented(rows)];
  const lines = [
    paint("strong", visible(path)),
    ...indented(head),
    ...section("Entities", types.map(partCells)),
    ...section("Tables", tables.map(partCells)),
  ];
  return `${lines.join("\n")}\n`;
}

function partCells({ name, count, bytes }: FactsFigures["types"][number]): readonly string[] {
  const each = count === 0 ? "" : `${Math.round(bytes / count)} bytes each`;
  return [visible(name), String(count), each];
}

function indented(rows: readonly (readonly string[])[]): string[] {
  return columns(rows).map((line) => `  ${line}`);
}
