/**
 * What users install is what is tested here: every package is built, packed and installed into empty folders,
 * and used there on Node 20, on Node 24 and in Chromium. Nothing of this checkout is within its reach.
 */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build as bundle } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { embeddingProgram } from "../scripts/build/readme.ts";
import { EVIDENCE } from "./packages/check-proof.ts";
import { FILES } from "./packages/decide.ts";
import type { PageReport } from "./packages/page.ts";
import { bundled, CHROMIUM, visit } from "./support/chromium.ts";
import { isAsShown } from "./support/console-blocks.ts";
import { notRun } from "./support/not-run.ts";
import { makeDecideFiles, makePaymentsFiles } from "./support/package-files.ts";
import {
  build,
  compileUser,
  install,
  node20,
  type Packed,
  pack,
  type Ran,
  read,
  run,
  runWell,
} from "./support/package-user.ts";
import { ROOT } from "./support/repository.ts";

const WORKSPACES = ["grammar", "compiler", "runtime", "lineage", "governor", "gateway", "cli"] as const;
const MAJORS = ["20", "24"] as const;
const LONG_MS = 600_000;
const STRICT = { lib: ["ES2023", "DOM"], types: ["node"], skipLibCheck: false };

const work = mkdtempSync(join(tmpdir(), "polity-packages-"));
/** Has the runtime alone. */
const service = join(work, "service");
/** Has every package. */
const author = join(work, "author");
const packed = new Map<string, Packed>();
const tarball = (workspace: string) => packed.get(workspace)?.tarball ?? "";

/** By major version; null where there is none. */
const nodes = new Map<string, string | null>([["24", process.execPath]]);
let printed = "";
let offline: string | null = null;

beforeAll(() => {
  printed = build(join(work, "dist"));
  for (const workspace of WORKSPACES) {
    packed.set(workspace, pack(join(work, "dist", workspace), join(work, "tarballs")));
  }
  offline = install(service, tarball("runtime")) ?? install(author, ...WORKSPACES.map(tarball));
  nodes.set("20", node20(join(work, "node20")));
}, LONG_MS);
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** The Node of a major version; null, with a report, where this cannot be tried on it. */
function nodeFor(major: (typeof MAJORS)[number], what: string): string | null {
  const node = offline === null ? (nodes.get(major) ?? null) : null;
  if (node === null)
    notRun(`${what} on Node ${major}`, offline ?? `no Node ${major} here or in the registry`);
  return node;
}

describe("the build", { timeout: LONG_MS }, () => {
  test("prints each package with its size", () => {
    for (const workspace of WORKSPACES) {
      expect(printed).toMatch(new RegExp(`^@polity/${workspace}@\\S+ +\\d+ files +[\\d.]+ KiB`, "m"));
    }
  });

  test("gives the same bytes again", () => {
    build(join(work, "again"));
    expect(digestOf(join(work, "again"))).toBe(digestOf(join(work, "dist")));
  });

  test("removes nothing from a folder that is not its own", () => {
    const folder = join(work, "full");
    mkdirSync(folder);
    writeFileSync(join(folder, "mine.txt"), "mine");
    const { status, stderr } = run(process.execPath, ROOT, "scripts/build.ts", "--out", folder);
    expect([status, stderr]).toEqual([1, `build: ${folder} is not empty\n`]);
    expect(readdirSync(folder)).toEqual(["mine.txt"]);
  });

  test.each(WORKSPACES)("packs %s without sources, with its licence and page", (workspace) => {
    const files = packed.get(workspace)?.files ?? [];
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json"]));
    const expected = /\.js$|\.d\.ts$|^(?:LICENSE|README\.md|package\.json|pol\.ebnf|pol\.tmLanguage\.json)$/;
    expect(files.filter((file) => !expected.test(file))).toEqual([]);
    expect(read(work, "dist", workspace, "README.md")).not.toContain("<!--");
    expect(read(work, "dist", workspace, "package.json")).not.toMatch(/"private"|(?<!\.d)\.ts"/);
  });
});

describe("the installed runtime", { timeout: LONG_MS }, () => {
  const embed = join(service, "embed");
  const decide = join(service, "decide");
  let objections = "";

  beforeAll(async () => {
    if (offline !== null) return;
    mkdirSync(embed);
    writeFileSync(join(embed, "embed.ts"), embeddingProgram(read(ROOT, "README.md")));
    makePaymentsFiles(embed);
    place(decide, "decide.ts", "decide-on-node.ts", "decide-in-page.ts", "page.ts");
    await makeDecideFiles(decide);
    objections = compileUser(service, STRICT);
  }, LONG_MS);

  test("brings nothing but what it names", () => {
    if (offline !== null) return notRun("the installed runtime", offline);
    const found = readdirSync(join(service, "node_modules"), { recursive: true, encoding: "utf8" });
    const packages = found.filter((path) => /^@[^/]+\/[^/]+$|^[^@.][^/]*$/.test(path)).sort();
    expect(packages).toEqual(["@noble/ed25519", "@noble/hashes", "@polity/runtime"]);
  });

  test("type-checks in a strict program, declarations included", () => {
    if (offline !== null) return notRun("the runtime's declarations", offline);
    expect(objections).toBe("");
  });

  test.each(MAJORS)("runs the program of README.md on Node %s", (major) => {
    const node = nodeFor(major, "the program of README.md");
    if (node === null) return;
    const shown = /^## In a service$.*?^```text\n(.*?)^```$/ms.exec(read(ROOT, "README.md"))?.[1] ?? "";
    // Node 24 takes the text as it is; what it is for Node 20 differs in its types alone.
    const { stdout, stderr } = run(node, embed, major === "24" ? "embed.ts" : "embed.js");
    expect(stderr).toBe("");
    expect(isAsShown(shown, stdout), `prints\n${stdout}`).toBe(true);
  });

  test("decides in Chromium, on Node 20 and on Node 24 with the same bytes", {
    timeout: LONG_MS,
  }, async () => {
    const here = nodeFor("24", "the installed runtime");
    if (here === null) return;
    const expected = runWell(here, decide, "decide-on-node.js");
    expect(expected.split("\n").length).toBe(202);
    const older = nodeFor("20", "the installed runtime");
    if (older !== null) expect(runWell(older, decide, "decide-on-node.js")).toBe(expected);
    if (!existsSync(CHROMIUM)) return notRun("the installed runtime in Chromium", `no ${CHROMIUM}`);
    expect(await textOfPage(decide, "decide-in-page.js", FILES)).toBe(expected);
  });
});

describe("the installed lineage", { timeout: LONG_MS }, () => {
  const log = join(author, "log");
  let objections = "";

  beforeAll(() => {
    if (offline !== null) return;
    place(log, "write-log.ts", "check-proof.ts", "check-on-node.ts", "check-in-page.ts", "page.ts");
    objections = compileUser(author, STRICT);
  }, LONG_MS);

  test("type-checks in a strict program, declarations included", () => {
    if (offline !== null) return notRun("the declarations of lineage", offline);
    expect(objections).toBe("");
  });

  test.each(MAJORS)("keeps a log on Node %s, whose proof holds there and in Chromium", async (major) => {
    const node = nodeFor(major, "the installed lineage");
    if (node === null) return;
    // Writers need SQLite's lock, which Node 20 lacks; readers and verifiers do not.
    const writer = major === "20" ? process.execPath : node;
    if (writer !== node) {
      expect(run(node, log, "write-log.js", "refused").stderr).toContain("log.unsupported");
    }
    expect(runWell(writer, log, "write-log.js", `entries-${major}`)).toBe(
      "example.com/users 5 [ [ 'decision', 5 ] ] [ [ 'deny', 5 ] ] 5\n",
    );
    const proven = "example.com/users 2 of 5: decision; changed: proof.not_included";
    expect(runWell(node, log, "check-on-node.js")).toBe(proven);
    if (!existsSync(CHROMIUM)) return notRun("the installed lineage in Chromium", `no ${CHROMIUM}`);
    expect(await textOfPage(log, "check-in-page.js", EVIDENCE)).toBe(proven);
  });
});

describe("the installed compiler", { timeout: LONG_MS }, () => {
  test.each(MAJORS)("runs the program of its page on Node %s", (major) => {
    const node = nodeFor(major, "the program of the compiler's page");
    if (node === null) return;
    const program = /^```ts\n(.*?)^```$/ms.exec(read(ROOT, "compiler", "README.md"))?.[1] ?? "";
    writeFileSync(join(author, `compile-${major}.js`), program);
    expect(runWell(node, author, `compile-${major}.js`)).toMatch(/^\d{4} bytes\n$/);
  });
});

describe("the installed pol", { timeout: LONG_MS }, () => {
  const payments = (name: string) => join(ROOT, "examples", "payments", name);
  const policy = payments("policy.pol");
  const asked = ["--facts", payments("facts.json"), "--request", payments("request.json")];
  const here = join(ROOT, "cli", "bin", "pol.js");
  const installed = join(author, "node_modules", ".bin", "pol");

  const checkout = join(author, "checkout");
  const commands = [
    ["--version"],
    ["check", policy, join(ROOT, "examples", "mistakes.pol")],
    ["build", policy, "-o", "payments.wasm", "--json"],
    ["inspect", "payments.wasm"],
    ["decide", "payments.wasm", ...asked],
    ["test", policy, "--engine", "reference"],
  ];
  let ours: readonly Ran[] = [];

  beforeAll(() => {
    if (offline !== null) return;
    mkdirSync(checkout);
    ours = commands.map((args) => untimed(run(process.execPath, checkout, here, ...args)));
  }, LONG_MS);

  test.each(MAJORS)("checks, builds and decides on Node %s as the checkout does", (major) => {
    const node = nodeFor(major, "the installed pol");
    if (node === null) return;
    const folder = emptyFolder(`pol-${major}`);
    for (const [index, args] of commands.entries()) {
      expect(untimed(run(node, folder, installed, ...args)), args.join(" ")).toEqual(ours[index]);
    }
    expect(digestOf(folder)).toBe(digestOf(checkout));
  });

  test.each(MAJORS)("signs and verifies on Node %s, logs on newer ones, and the checkout agrees", (major) => {
    const node = nodeFor(major, "the evidence of the installed pol");
    if (node === null) return;
    const folder = emptyFolder(`evidence-${major}`);
    copyFileSync(join(checkout, "payments.wasm"), join(folder, "payments.wasm"));
    runWell(node, folder, installed, "keygen", "-o", "release");
    runWell(node, folder, installed, "sign", "payments.wasm", "--key", "release.pem");
    const logged = ["payments.wasm", ...asked, "--log", "decisions", "--key", "release.pem"];
    if (major === "20") {
      expect(run(node, folder, installed, "decide", ...logged).stderr).toContain("log.unsupported");
      expect(run(process.execPath, folder, here, "decide", ...logged).status).toBe(10);
    } else expect(run(node, folder, installed, "decide", ...logged).status).toBe(10);
    for (const [program, pol] of [[node, installed] as const, [process.execPath, here] as const]) {
      runWell(program, folder, pol, "verify", "payments.wasm", "--key", "release.pub.pem");
      runWell(program, folder, pol, "log", "verify", "decisions", "--key", "release.pub.pem");
    }
  });

  test.each(MAJORS)("shows on Node %s what takes long, in a thread of its own", (major) => {
    const node = nodeFor(major, "progress of the installed pol");
    if (node === null) return;
    if (!existsSync("/usr/bin/script")) return notRun("progress of the installed pol", "no /usr/bin/script");
    const folder = emptyFolder(`terminal-${major}`);
    const command = `"${node}" "${installed}" build "${policy}" -o payments.wasm`;
    const { status, stdout } = run("/usr/bin/script", folder, "-qec", command, "/dev/null");
    expect([status, stdout]).toEqual([0, expect.stringContaining("payments.wasm")]);
  });
});

function emptyFolder(name: string): string {
  const folder = join(author, name);
  mkdirSync(folder);
  return folder;
}

/** Puts programs of a user into a folder. */
function place(folder: string, ...names: readonly string[]): void {
  mkdirSync(folder);
  for (const name of names) copyFileSync(join(ROOT, "test", "packages", name), join(folder, name));
}

/** Times differ from run to run. */
function untimed({ status, stdout, stderr }: Ran): Ran {
  return { status, stdout: stdout.replace(/"(?:seconds|ms)":[\d.]+|\d+\.\d+ s\b/g, "…"), stderr };
}

/** What a page reports that holds a program and all that it imports, and is served these files. */
async function textOfPage(folder: string, program: string, names: readonly string[]): Promise<string> {
  const path = join(folder, program);
  const installed = await inputsOf(path);
  expect(installed.filter((input) => input.startsWith(".."))).toEqual([]);
  const script = await bundled(pathToFileURL(path));
  expect(/\beval\(|\bnew Function\b|["']node:/.exec(script)).toBeNull();
  const site = names.map(
    (name) => [`/${name}`, ["application/octet-stream", readFileSync(join(folder, name))]] as const,
  );
  return (await visit<PageReport>(pathToFileURL(path), new Map(site))).text;
}

/** Every file that a bundle of the program holds, relative to the place of all that is installed. */
async function inputsOf(path: string): Promise<readonly string[]> {
  const options = { bundle: true, format: "esm", metafile: true, write: false } as const;
  const { metafile } = await bundle({ entryPoints: [path], absWorkingDir: work, ...options });
  return Object.keys(metafile.inputs);
}

/** Of every file below a folder, with its name. */
function digestOf(folder: string): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    const path = join(folder, name);
    if (statSync(path).isFile()) hash.update(`${name}\0`).update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}
