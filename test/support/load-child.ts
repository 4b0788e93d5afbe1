/** `node load-child.ts FILE`: loads an evaluator without a signature and prints what became of it. */
import { readFileSync } from "node:fs";
import { loadUnsigned } from "@polity/runtime/authoring.ts";

const loaded = await loadUnsigned(new Uint8Array(readFileSync(process.argv[2] ?? "")), {});
process.stdout.write(loaded.ok ? "loaded" : loaded.code);
