/** Engines that run a JavaScript file: the driver of drive.js with the few lines that know the shell. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ask, Told } from "./job.ts";
import { runProgram } from "./run-command.ts";

const folderOfShells = new URL("./shells/", import.meta.url);

export function shellText(name: string): string {
  return ["drive.js", name].map((file) => readFileSync(new URL(file, folderOfShells), "utf8")).join("\n");
}

/** The file as the shell runs it, in the job's folder. */
function writeShell(folder: string, name: string): string {
  const path = join(folder, name.replace(/\.js$/, ".cjs"));
  writeFileSync(path, shellText(name));
  return path;
}

type Tier = "baseline" | "optimising";

/** Rejects where V8 did not compile the evaluators as it was told to. */
export async function runNode(folder: string, ask: Ask, tier: Tier): Promise<Told> {
  const flag = tier === "baseline" ? "--liftoff-only" : "--no-liftoff";
  const shell = writeShell(folder, "on-node.js");
  const flags = ["--allow-natives-syntax", flag];
  const output = await runProgram(process.execPath, ...flags, shell, folder, JSON.stringify(ask));
  const told = JSON.parse(output) as Told & { readonly tiers: readonly Tier[] };
  const other = told.tiers.find((one) => one !== tier);
  if (other !== undefined) throw new Error(`V8 used its ${other} compiler in spite of ${flag}`);
  return told;
}

export async function runGjs(folder: string, ask: Ask, program: string): Promise<Told> {
  const shell = writeShell(folder, "on-gjs.js");
  return JSON.parse(await runProgram(program, shell, folder, JSON.stringify(ask))) as Told;
}

export async function runJsc(folder: string, ask: Ask, program: string): Promise<Told> {
  const shell = writeShell(folder, "on-jsc.js");
  return JSON.parse(await runProgram(program, shell, "--", folder, JSON.stringify(ask))) as Told;
}
