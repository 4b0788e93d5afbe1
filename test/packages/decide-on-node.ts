/** Runs in Node, beside the files. */
import { readFile } from "node:fs/promises";
import { decideAll } from "./decide.ts";

process.stdout.write(await decideAll((name) => readFile(name)));
