/** Runs in Node, beside the evidence. */
import { readFile } from "node:fs/promises";
import { checkProof } from "./check-proof.ts";

process.stdout.write(await checkProof((name) => readFile(name)));
