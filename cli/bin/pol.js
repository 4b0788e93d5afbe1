#!/usr/bin/env node
/**
 * Starts `pol` on any Node from 20.15 on. As published, the command is JavaScript beside this file, and runs
 * right here. In the project it is TypeScript, which Node runs from version 24 on: an older Node starts the
 * one that is installed with the project. Plain JavaScript without dependencies for that reason.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import * as module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const launcher = fileURLToPath(import.meta.url);
const isPublished = existsSync(join(dirname(dirname(launcher)), "main.js"));
const main = isPublished ? "../main.js" : "../main.ts";
const NODE_MIN = isPublished ? "20.15" : "24";
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

const cache = compileCache();

if (!isOlder(process.versions.node)) {
  if (cache !== undefined) module.enableCompileCache?.(cache); // Node has it from 22 on
  await import(main);
} else if (isPublished) {
  fail(`this is Node ${process.versions.node}`);
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
    if (existsSync(binary) && !isOlder(versionIn(join(folder, "node")))) return binary;
  }
  return fail(`this is Node ${process.versions.node}, and no newer one is installed beside it`);
}

function versionIn(folder) {
  try {
    return String(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version);
  } catch {
    return "0.0";
  }
}

/** Whether a version of Node is below the least that can run the command. */
function isOlder(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [majorMin = 0, minorMin = 0] = NODE_MIN.split(".").map(Number);
  return !(major > majorMin || (major === majorMin && minor >= minorMin));
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
  const remedy = isPublished ? "" : "; npm ci installs one";
  console.error(`pol: ${message}\n  hint: pol needs Node ${NODE_MIN} or later${remedy}`);
  process.exit(2);
}
