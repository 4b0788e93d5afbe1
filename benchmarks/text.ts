/** What does testing long text cost for each of its bytes, next to the same in hand-written JavaScript? */
import { join } from "node:path";
import { buildText } from "./build.ts";
import { compare } from "./compare.ts";
import { HEADER } from "./header.ts";
import { effortOf } from "./measure.ts";
import { decideOnly, openInstanceOf, openPolity } from "./open-polity.ts";
import { BY_HAND, type Case, type Measured, type Options, POLITY, type Section } from "./section.ts";
import { QUESTIONS, type Question, textsFor } from "./texts.ts";

/** With vector instructions. */
const SIMD = "-simd";
const BUILDS = ["", SIMD];

const SIZES: ReadonlyMap<string, number> = new Map([
  ["1k", 1_024],
  ["64k", 65_536],
]);

export const section: Section = {
  name: "text",
  title: "Long text: patterns, globs, paths and URLs of 1 KiB and 64 KiB",
  cases: ({ isQuick }) =>
    [...SIZES.keys()]
      .filter((size) => !isQuick || size === "1k")
      .flatMap((size) =>
        QUESTIONS.flatMap(({ name }) => BUILDS.map((build) => `text-${name}${build}-${size}`)),
      )
      .flatMap((row) => [BY_HAND, POLITY].map((engine) => ({ row, engine }))),
  async prepare(folder) {
    for (const build of BUILDS)
      await buildText("text.pol", POLICY, join(folder, `text${build}.wasm`), build === SIMD);
  },
  run,
};

const POLICY = [
  "polity 1",
  "policy benchmark.text version 1",
  ...QUESTIONS.flatMap(({ name, type, condition }) => [
    `action ${actionOf(name)} { text: ${type} max 65_536 }`,
    `allow ${actionOf(name)} on ${actionOf(name)} when ${condition}`,
  ]),
  "",
].join("\n");

function actionOf(name: string): string {
  return `on_${name.replaceAll("-", "_")}`;
}

async function run(one: Case, folder: string, options: Options): Promise<readonly Measured[]> {
  const { question, bytes, build } = questionOf(one.row);
  const { byHand } = question;
  const requests = textsFor(question, bytes, options.seed);
  const effort = effortOf(options);
  const about = { ...one, requests, byHand, units: bytes };
  if (one.engine === BY_HAND) return compare(about, effort);
  const wasm = join(folder, `text${build}.wasm`);
  const host = await openPolity(wasm);
  const action = actionOf(question.name);
  const ask = (text: string) => host.decide(action, { text }, HEADER).verdict === "allow";
  const decide = decideOnly<string>(await openInstanceOf(wasm), (text) => ({ action, fields: { text } }));
  return compare({ ...about, ask, decide }, effort);
}

function questionOf(row: string): {
  readonly question: Question;
  readonly bytes: number;
  readonly build: string;
} {
  const [, name = "", build = "", size = ""] = /^text-(.*?)(-simd)?-(\w+)$/.exec(row) ?? [];
  const question = QUESTIONS.find((each) => each.name === name);
  const bytes = SIZES.get(size);
  if (question === undefined || bytes === undefined) throw new Error(`no row is called ${row}`);
  return { question, bytes, build };
}
