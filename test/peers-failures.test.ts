/**
 * What Polity and other engines answer where something is wrong. Ours never allow it; what theirs say is
 * written down in test/golden/peers-failures.json, as the installed versions really answer, and shown in
 * docs/failures.md. UPDATE_EXPECT=1 writes both anew.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { AGENT_ROWS } from "../benchmarks/failures/agents.ts";
import { ENGINES } from "../benchmarks/failures/all.ts";
import { type Answers, answersOf, DEEP } from "../benchmarks/failures/answers.ts";
import { SECTIONS } from "../benchmarks/failures/cases.ts";
import { POLITY } from "../benchmarks/failures/polity.ts";
import { whyInstall } from "../benchmarks/install.ts";
import { hasOpa } from "../benchmarks/peers/opa-build.ts";
import { table } from "../benchmarks/table.ts";
import { type Column, renderPage } from "./support/failures-page.ts";
import { notRun } from "./support/not-run.ts";
import { ourAgentAnswers } from "./support/our-agents.ts";
import { ROOT } from "./support/repository.ts";

interface Golden {
  readonly engines: Record<string, Answers>;
  readonly agents: Record<string, readonly string[]>;
}

const SDK = "agent-governance";
const GOLDEN = join(ROOT, "test/golden/peers-failures.json");
const PAGE = join(ROOT, "docs/failures.md");
const isUpdating = process.env.UPDATE_EXPECT === "1";

const golden: Golden = readGolden();
let ours: Answers;
let ourAgents: readonly string[];

beforeAll(async () => {
  ours = await answersOf(POLITY);
  ourAgents = await ourAgentAnswers();
  remember(golden.engines, POLITY.name, ours);
  remember(golden.agents, POLITY.name, ourAgents);
}, 180_000);

function readGolden(): Golden {
  try {
    return JSON.parse(readFileSync(GOLDEN, "utf8")) as Golden;
  } catch {
    return { engines: {}, agents: {} };
  }
}

function remember<T>(known: Record<string, T>, name: string, answers: T): void {
  if (isUpdating) known[name] = answers;
}

describe("Polity", () => {
  test("allows what is in order and nothing else", () => {
    const wrong: string[] = [];
    for (const [at, { title, cases }] of SECTIONS.entries()) {
      for (const [row, { label, allowed }] of cases.entries()) {
        const answer = ours.sections[at]?.[row] ?? "";
        const isRight = allowed === true ? answer === "allow" : /^(?:deny \S+|unread|refused)$/.test(answer);
        if (!isRight) wrong.push(`${title}: ${label}: ${answer}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(ours.deep).toEqual(["refused, then allow", "unread, then allow"]);
    expect(ourAgents.filter((answer) => answer.startsWith("allow"))).toEqual([]);
  });

  test("says why, in the codes that are written down", () => {
    expect(ours).toEqual(golden.engines[POLITY.name]);
    expect(ourAgents).toEqual(golden.agents[POLITY.name]);
  });
});

/** In a process of its own: it may take its engine down. */
async function askInProcess(name: string): Promise<unknown> {
  const script = join(ROOT, "benchmarks/failures.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, name], { encoding: "utf8" });
  return JSON.parse(stdout);
}

/** Reports why this engine cannot be asked here, if so. */
function isMissing(name: string): boolean {
  const reason = whyInstall();
  if (reason !== null) notRun("what other engines answer", `${reason}: npm ci --prefix benchmarks/peers`);
  else if (!name.startsWith("opa-wasm") || hasOpa()) return false;
  else notRun("what opa-wasm answers", "the opa program is for linux-x64 only");
  return true;
}

describe("other engines answer as written down", () => {
  test.each(ENGINES.map(({ name }) => name))("%s", async (name) => {
    if (isMissing(name)) return;
    const answers = (await askInProcess(name)) as Answers;
    remember(golden.engines, name, answers);
    expect(answers).toEqual(golden.engines[name]);
  });

  test("agents that must be stopped", async () => {
    if (isMissing(SDK)) return;
    const answers = (await askInProcess("agents")) as readonly string[];
    remember(golden.agents, SDK, answers);
    expect(answers).toEqual(golden.agents[SDK]);
  });
});

test("the page shows what is written down", () => {
  const columns = [POLITY, ...ENGINES].map(({ name, form }): Column => {
    const answers = golden.engines[name];
    if (answers === undefined) throw new Error(`no answers of ${name}`);
    return { name, form, version: versionOf(name), answers };
  });
  const agents = [POLITY.name, SDK].map((name) => ({ name, answers: golden.agents[name] ?? [] }));
  const page = renderPage(columns, agents);
  if (isUpdating) {
    writeFileSync(GOLDEN, `${goldenText()}\n`);
    writeFileSync(PAGE, page);
  }
  console.log(asTable(columns, agents));
  expect(page).toBe(readFileSync(PAGE, "utf8"));
});

/** One line for each section, so that a difference can be read. */
function goldenText(): string {
  return JSON.stringify(golden, null, 1).replace(/\[\n\s+"[^[\]]*\]/g, (list) => list.replace(/\n\s*/g, " "));
}

const PACKAGES: ReadonlyMap<string, string> = new Map([
  ["casl", "@casl/ability"],
  ["cel-js", "@marcbachmann/cel-js"],
  ["bufbuild-cel", "@bufbuild/cel"],
  ["casbin", "casbin"],
  ["json-logic", "json-logic-js"],
  ["opa-wasm", "@open-policy-agent/opa-wasm"],
  ["cedar-wasm", "@cedar-policy/cedar-wasm"],
  [SDK, "@microsoft/agent-governance-sdk"],
]);

function versionOf(name: string): string {
  const manifest = JSON.parse(readFileSync(join(ROOT, "benchmarks/peers/package.json"), "utf8"));
  const known = PACKAGES.get(name.split(",")[0] ?? "");
  return known === undefined ? "this one" : `${known} ${manifest.dependencies[known]}`;
}

function asTable(
  columns: readonly Column[],
  agents: readonly { name: string; answers: readonly string[] }[],
) {
  const head = ["", ...columns.map(({ name }) => name.slice(0, 12))];
  const sections = SECTIONS.flatMap(({ title, cases }, at) => [
    [`-- ${title}`, ...columns.map(() => "")],
    ...cases.map(({ label }, row) => [
      label.slice(0, 50),
      ...columns.map(({ answers }) => answers.sections[at]?.[row] ?? ""),
    ]),
  ]);
  const deep = DEEP.map((label, row) => [
    label.slice(0, 50),
    ...columns.map(({ answers }) => (answers.deep[row] ?? "").replace(", then ", "/")),
  ]);
  const stops = AGENT_ROWS.map((label, row) => [label, ...agents.map(({ answers }) => answers[row] ?? "")]);
  const second = table([["", ...agents.map(({ name }) => name)], ...stops], 3);
  return `${table([head, ...sections, ...deep], columns.length + 1)}\n\n${second}`;
}
