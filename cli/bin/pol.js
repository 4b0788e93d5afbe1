#!/usr/bin/env node
/**
 * Starts `pol` on any Node from 20 on. The command itself is TypeScript, which Node runs from version 24 on:
 * an older Node starts the one that is installed with the project. Plain JavaScript without dependencies for
 * that reason.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import * as module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 24;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

const launcher = fileURLToPath(import.meta.url);
const cache = compileCache();

if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN) {
  if (cache !== undefined) module.enableCompileCache(cache);
  await import("../main.ts");
} else {
  startWith(bundledNode());
}

/** Runs this launcher again in a newer Node: same terminal, same exit code, signals passed on. */
function startWith(node) {
  const env = cache === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: cache };
  const child = spawn(node, [launcher, ...process.argv.slice(2)], { stdio: "inherit", env });
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`cannot start ${node}: ${error.message}`));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of SIGNALS) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

function bundledNode() {
  for (const folder of nodeModulesAbove()) {
    const binary = join(folder, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
    if (existsSync(binary) && majorOf(join(folder, "node", "package.json")) >= NODE_MAJOR_MIN) return binary;
  }
  return fail(`this is Node ${process.versions.node}, and no newer one is installed beside it`);
}

function majorOf(manifest) {
  try {
    return Number.parseInt(JSON.parse(readFileSync(manifest, "utf8")).version, 10);
  } catch {
    return 0;
  }
}

/**
 * Compiled code lies where the code itself lies, never in a folder that other users of the machine can write:
 * whoever writes there decides what runs. Where it cannot be written, Node goes on without it.
 */
function compileCache() {
  if (process.env.NODE_COMPILE_CACHE !== undefined) return undefined; // Node has it already
  const [folder] = nodeModulesAbove();
  return folder === undefined ? undefined : join(folder, ".cache", "pol");
}

function nodeModulesAbove() {
  const folders = [];
  for (let folder = dirname(launcher); dirname(folder) !== folder; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules");
    if (existsSync(candidate)) folders.push(candidate);
  }
  return folders;
}

function fail(message) {
  console.error(`pol: ${message}\n  hint: pol needs Node ${NODE_MAJOR_MIN} or later; npm ci installs one`);
  process.exit(2);
}
