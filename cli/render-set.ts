/** What is wrong with a policy set, as text for people and as data for tools. */
import { placeData, renderPlace } from "./render-diagnostic.ts";
import { type OpenedMember, type Place, type SetProblem, speakingOf } from "./set-members.ts";
import type { Paint } from "./terminal.ts";
import { plural, visible } from "./words.ts";

/** Beyond this number they help nobody: the rest is counted. */
const SHOWN_MAX = 50;

export interface SetReport {
  /** The set's file, as the user wrote it. */
  readonly path: string;
  readonly members: readonly OpenedMember[];
  readonly problems: readonly SetProblem[];
}

/** What `--json` prints of a set. */
export function setData({ members, problems }: SetReport) {
  return {
    members: members.map((member) => {
      const { name, path, shadow } = member;
      const { kind = null, policy = null } = speakingOf(member) ?? {};
      return { name, file: path, kind, policy, shadow };
    }),
    problems: problems.map(({ code, message, hint, places }) => {
      return { code, severity: "error", message, hint, places: places.map(onePlace) };
    }),
  };
}

function onePlace({ member, path, at }: Place) {
  return at === null ? { member, file: path } : { member, ...placeData(at.finding, at.span) };
}

/** Every problem with the declarations it is about; where there is none, that there is none. */
export function setText(report: SetReport, isSound: boolean, paint: Paint): string {
  const { path, members, problems } = report;
  if (problems.length === 0) {
    return isSound ? `${visible(path)}: ${plural(members.length, "member")}, nothing wrong\n` : "";
  }
  const shown = problems.slice(0, SHOWN_MAX).map((problem) => problemText(report, problem, paint));
  const rest = problems.length - shown.length;
  const more = rest > 0 ? [`… and ${rest} more (--json prints them all)\n`] : [];
  const count = paint("error", plural(problems.length, "error"));
  const where = members.length === 0 ? "in" : "between the members of";
  return `${[...shown, ...more].join("\n")}\n${count} ${where} ${visible(path)}\n`;
}

function problemText({ path }: SetReport, { code, message, hint, places }: SetProblem, paint: Paint): string {
  const arrow = paint("faint", "-->");
  const lines = [
    `${paint("error", `error[${code}]`)}${paint("strong", `: ${visible(message)}`)}`,
    ...(places.length === 0 ? [` ${arrow} ${visible(path)}`] : []),
    ...places.flatMap(({ path: file, at }) =>
      at === null ? [` ${arrow} ${visible(file)}`] : renderPlace(at.finding, at.span, "error", paint),
    ),
    ...(hint === null ? [] : [`  ${paint("hint", "= hint:")} ${visible(hint)}`]),
  ];
  return `${lines.join("\n")}\n`;
}
