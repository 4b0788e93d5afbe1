/** The members of a set that authors write, where nothing is wrong with any of them. */
import { setText } from "./render-set.ts";
import { type OpenedMember, openMember, problemsBetween, readSetFolder, speakingOf } from "./set-members.ts";
import { tellFindings } from "./tell.ts";
import { paintFor, write } from "./terminal.ts";

interface SetPaths {
  readonly set: string;
  /** The project's folder; null: that of the set. */
  readonly root: string | null;
}

/** Null where the set or a member has errors, which are told; fails where a file cannot be read. */
export async function soundMembers({ set, root }: SetPaths): Promise<readonly OpenedMember[] | null> {
  const { members: listed, folder, problem } = await readSetFolder(set);
  const members: OpenedMember[] = [];
  for (const one of listed) members.push(await openMember(one, { folder, root }));
  const own = [problem, ...members.map((member) => member.problem)].filter((one) => one !== null);
  const problems = [...own, ...problemsBetween(members)];
  await tellFindings(members.flatMap(({ program }) => program?.findings ?? []));
  if (problems.length > 0) {
    const text = setText({ path: set, members, problems }, false, paintFor("error"));
    await write(`${text}\n`, "error");
  }
  const isSound = problems.length === 0 && members.every((member) => speakingOf(member) !== null);
  return isSound ? members : null;
}
