import { openUnsigned } from "@polity/runtime/authoring.ts";
import { digestName, sha256 } from "@polity/runtime/hash.ts";
import { parseJson } from "@polity/runtime/json.ts";
import type { LoadRefusal } from "@polity/runtime/load-refusal.ts";
import { type Manifest, PAGE_BYTES } from "@polity/runtime/manifest.ts";
import { encodeManifest } from "@polity/runtime/manifest-codec.ts";
import { readModule } from "@polity/runtime/module-bytes.ts";
import { EXIT, failure } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { nameOf, readBytes } from "../read-file.ts";
import { manifestLines, memoryText } from "../render-manifest.ts";
import { columns } from "../table.ts";
import { type Paint, paintFor, printLine, write } from "../terminal.ts";
import { sizeText, visible } from "../words.ts";

/** What the file is, apart from what its manifest says. */
interface ModuleFacts {
  readonly digest: string;
  readonly size: number;
  readonly imports: number;
  readonly exports: readonly string[];
  readonly memory: { readonly bytesMin: number; readonly bytesMax: number };
}

/** The same checks that a host makes before it trusts a file: what is shown is what a host would take. */
export async function run({ operands, switches }: Invocation): Promise<number> {
  const [path = ""] = operands;
  const bytes = await readBytes(path);
  const evaluator = await openUnsigned(bytes);
  if ("code" in evaluator) throw refused(path, evaluator);
  const { manifest } = evaluator;
  const module = moduleFacts(bytes);
  if (switches.has("json")) {
    const { digest, size, ...rest } = module;
    const read = parseJson(encodeManifest(manifest));
    const said = read.ok ? read.value : null;
    await printLine(JSON.stringify({ file: path, digest, size, ...rest, manifest: said }));
  } else {
    await write(inspectionText(path, module, manifest, paintFor("out")));
  }
  return EXIT.done;
}

function refused(path: string, { check, code, message }: LoadRefusal): Error {
  const hint = code === "load.not_wasm" ? "pol build makes an evaluator from a policy" : null;
  return failure(`${nameOf(path)} is no sound evaluator: check ${check}, ${code}: ${message}`, hint, EXIT.no);
}

function moduleFacts(bytes: Uint8Array): ModuleFacts {
  const read = readModule(bytes);
  const [memory] = read.ok ? read.shape.memories : [];
  if (!read.ok || memory === undefined) throw new Error("a sound module has one memory");
  return {
    digest: digestName(sha256(bytes)),
    size: bytes.length,
    imports: read.shape.imports,
    exports: read.shape.exports.map(({ name }) => name).sort(),
    memory: { bytesMin: memory.pagesMin * PAGE_BYTES, bytesMax: memory.pagesMax * PAGE_BYTES },
  };
}

function inspectionText(path: string, module: ModuleFacts, manifest: Manifest, paint: Paint): string {
  const { digest, size, imports, exports } = module;
  const rows = [
    ["digest", digest],
    ["size", sizeText(size)],
    ["imports", imports === 0 ? "none" : String(imports)],
    ["exports", exports.join(", ")],
    ["memory", memoryText(manifest.limits)],
  ];
  const lines = columns(rows).map((line) => `  ${line}`);
  return `${[paint("strong", visible(path)), ...lines, ...manifestLines(manifest, paint)].join("\n")}\n`;
}
