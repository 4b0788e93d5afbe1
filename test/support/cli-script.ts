/**
 * Scripts of commands with what they print, as test/cli/*.txt has them:
 *
 *     What is shown, in free text.
 *
 *     $ pol check a.pol
 *     > a line of standard output
 *     ! a line of standard error
 *     exit 1
 *
 *     -- a.pol --
 *     the file's text
 *
 * A command is a line of bash; free text may stand between commands. No `exit` stands for 0. A line
 * `needs: NAME` asks for something that not every machine has; `hides: digests` stands above a script whose
 * keys are made anew, and with them whatever is named by a digest.
 */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Script {
  /** The text before the first command, `needs:` lines included. */
  readonly intro: string;
  readonly needs: readonly string[];
  readonly hidesDigests: boolean;
  readonly steps: readonly Step[];
  /** From the first `-- name --` to the end, as written. */
  readonly archive: string;
  readonly files: ReadonlyMap<string, string>;
}

interface Step {
  readonly command: string;
  /** Free text before the next command. */
  readonly remark: string;
}

/** A command that is not done by then is ended and says so: the step is found, not only the script. */
const COMMAND_MS_MAX = 200_000;

const OUTPUT = /^[>!]|^exit \S+$/;

export function parseScript(text: string): Script {
  const archiveAt = /^-- .+ --$/m.exec(text)?.index ?? text.length;
  const [intro = "", ...steps] = text.slice(0, archiveAt).split(/^\$ /m);
  const archive = text.slice(archiveAt);
  return {
    intro,
    needs: [...intro.matchAll(/^needs: (.+)$/gm)].map((match) => match[1] ?? ""),
    hidesDigests: /^hides: digests$/m.test(intro),
    steps: steps.map((step) => {
      const [command = "", ...lines] = step.split("\n");
      return {
        command,
        remark: lines
          .filter((line) => !OUTPUT.test(line))
          .join("\n")
          .trim(),
      };
    }),
    archive,
    files: parseArchive(archive),
  };
}

function parseArchive(archive: string): Map<string, string> {
  const [, ...parts] = archive.split(/^-- (.+) --\n/m);
  const files = new Map<string, string>();
  for (let at = 0; at < parts.length; at += 2) {
    const isLast = at + 2 >= parts.length;
    files.set(parts[at] ?? "", isLast ? (parts[at + 1] ?? "") : (parts[at + 1] ?? "").replace(/\n\n$/, "\n"));
  }
  return files;
}

/** The script with what its commands print now. */
export async function runScript(script: Script, folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  for (const [name, content] of script.files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const steps: string[] = [];
  for (const { command, remark } of script.steps) {
    const printed = await runCommand(command, folder, env);
    const lines = script.hidesDigests ? printed.map(withoutDigests) : printed;
    steps.push([`$ ${command}`, ...lines].join("\n"));
    if (remark !== "") steps.push(remark);
  }
  return `${[script.intro.trim(), ...steps, script.archive.trimEnd()].join("\n\n").trimEnd()}\n`;
}

function runCommand(command: string, folder: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
    // A group of its own, so that all that it started can be ended with it.
    const child = spawn("bash", ["-c", command], { cwd: folder, env, stdio, detached: true });
    let isEnded = false;
    const timer = setTimeout(() => {
      isEnded = true;
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, COMMAND_MS_MAX);
    const out: Buffer[] = [];
    const error: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => error.push(chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const lines = [
        ...printedLines(">", Buffer.concat(out).toString()),
        ...printedLines("!", Buffer.concat(error).toString()),
      ];
      if (isEnded) lines.push(`! still running after ${COMMAND_MS_MAX / 1000} s: ended`);
      if (code !== 0) lines.push(`exit ${code ?? signal}`);
      resolve(lines.map((line) => stable(line, folder)));
    });
  });
}

function printedLines(mark: string, text: string): string[] {
  if (text === "") return [];
  const ended = text.endsWith("\n");
  const lines = (ended ? text.slice(0, -1) : text).split("\n").map((line) => `${mark} ${line}`.trimEnd());
  return ended ? lines : [...lines, `${mark}(no line end)`];
}

/** What differs from run to run or with every change of the compiler, made the same. */
function stable(line: string, folder: string): string {
  return line
    .replaceAll(folder, "$WORK")
    .replace(/("evaluator":"|"set":"|"digest":"|digest +|KiB {2})sha256:[0-9a-f]{64}/g, "$1sha256:…")
    .replace(/\b\d+(?:\.\d+)? (s|KiB)\b/g, "N $1")
    .replace(/"(size|ms)":\d+/g, '"$1":N');
}

/** Also the clock, ids, and the names that keys give to logs and to themselves. */
function withoutDigests(line: string): string {
  return line
    .replace(/sha256:[0-9a-f]{64}/g, "sha256:…")
    .replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "UUID")
    .replace(/(polity\.local\/)[0-9a-f]{16}\/[0-9a-f]{16}/g, "$1…")
    .replace(/\([0-9a-f]{8}\)/g, "(…)")
    .replace(/\bbyte \d+|\b\d+ bytes\b/g, (text) => text.replace(/\d+/, "N"))
    .replace(/"offset":\d+/g, '"offset":N')
    .replace(/("(?:at|from|to)":")[^"]+/g, "$1…")
    .replace(/^(> +at +)\S+$/, "$1…")
    .replace(/^(> +time +)\S+ to \S+$/, "$1… to …");
}
