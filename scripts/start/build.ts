/**
 * Compiles one policy and writes its evaluator to standard output, then ends; what is wrong with the
 * policy goes to standard error. A process that has just assembled is busy optimising the assembler and
 * would answer slowly, so the one that decides stays apart from this one.
 */
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { compileFile } from "../../cli/compile-file.ts";
import { renderFindings } from "../../cli/render-diagnostic.ts";
import { paintFor, write } from "../../cli/terminal.ts";

const { checked, findings } = await compileFile(process.argv[2] ?? "", null);
await write(renderFindings(findings, paintFor("error")), "error");
if (checked === null) process.exitCode = 1;
else await write((await buildEvaluator(checked)).wasm);
