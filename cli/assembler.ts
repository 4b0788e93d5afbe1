/** Assembling, apart from the process that decides: see assembler-process.ts. */
import { type ChildProcess, fork } from "node:child_process";
import * as module from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Assembly } from "@polity/compiler/4-emit/assembly.ts";
import { failure } from "./failure.ts";

export interface Assembler {
  readonly assemble: (assembly: Assembly) => Promise<Uint8Array<ArrayBuffer>>;
  /** What still runs is given up. */
  readonly close: () => void;
}

/**
 * V8's quick compiler serves an assembler that runs a few times better than the thorough one, which would
 * still be busy with it at the end: it takes half as much time of the processor.
 */
const FLAGS = ["--liftoff-only"];

/**
 * Starts its process with the first assembly and takes one after the other. With `idleMs` the process ends
 * when nothing came for so long; a process that waits keeps ours from ending in no case.
 */
export function openAssembler(idleMs = Number.POSITIVE_INFINITY): Assembler {
  let child: ChildProcess | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let isBusy = false;
  const close = () => {
    clearTimeout(timer);
    // One that waits ends by itself, and keeps for the next one what V8 has compiled.
    if (isBusy || child?.connected !== true) child?.kill("SIGKILL");
    else child.disconnect();
    child = null;
  };
  const run = async (assembly: Assembly) => {
    clearTimeout(timer);
    child ??= start();
    isBusy = true;
    try {
      return await ask(child, assembly);
    } catch (error) {
      close();
      throw error;
    } finally {
      isBusy = false;
      if (child !== null && Number.isFinite(idleMs)) timer = setTimeout(close, idleMs).unref();
    }
  };
  const assemble = (assembly: Assembly) => {
    const result = last.then(() => run(assembly));
    last = result.catch(() => undefined);
    return result;
  };
  return { assemble, close };
}

function start(): ChildProcess {
  const compiled = module.getCompileCacheDir?.();
  const child = fork(
    fileURLToPath(new URL("./assembler-process.ts", import.meta.url)),
    // Node makes a folder for each version in the one that it is given.
    compiled === undefined ? [] : [dirname(compiled)],
    { execArgv: FLAGS, serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] },
  );
  // Between two assemblies nobody waits to hear of it; the next one fails.
  child.on("error", () => {});
  return child;
}

function ask(child: ChildProcess, assembly: Assembly): Promise<Uint8Array<ArrayBuffer>> {
  // Alive while it works for us, not while it waits.
  child.ref();
  child.channel?.ref();
  return new Promise<Uint8Array<ArrayBuffer>>((resolve, reject) => {
    const settle = (end: () => void) => {
      child.off("message", told).off("exit", ended).off("error", failed);
      child.unref();
      child.channel?.unref();
      end();
    };
    const told = (assembled: unknown) => {
      const { wasm, error } = assembled as { readonly wasm?: Uint8Array; readonly error?: string };
      settle(() => (wasm === undefined ? reject(new Error(error)) : resolve(new Uint8Array(wasm))));
    };
    const ended = (code: number | null, signal: string | null) => {
      const what = `the assembler ended with ${signal ?? code}`;
      settle(() => reject(failure(what, "it may have had too little memory")));
    };
    const failed = (error: Error) => settle(() => reject(error));
    child.once("message", told).once("exit", ended).once("error", failed);
    child.send({ assembly }, (error) => error && failed(error));
  });
}
