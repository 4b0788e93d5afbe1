/** Puts every case to one engine. */
import { type Case, DENY_ABOVE, SECTIONS } from "./cases.ts";
import type { Answer, Ask, Engine, Policy } from "./engine.ts";

export interface Answers {
  /** Of each section, in the order of its cases. */
  readonly sections: readonly (readonly Answer[])[];
  readonly deep: readonly Answer[];
}

type Opened = Ask | "refused" | "—";

export async function answersOf(engine: Engine): Promise<Answers> {
  const opened = new Map<Policy, Opened>();
  const sections: Answer[][] = [];
  for (const { cases } of SECTIONS) {
    const answers: Answer[] = [];
    for (const each of cases) {
      const ask = opened.get(each.policy) ?? (await openPolicy(engine, each.policy));
      opened.set(each.policy, ask);
      answers.push(answer(engine, ask, each.request));
    }
    sections.push(answers);
  }
  return { sections, deep: await deepAnswers(engine) };
}

async function openPolicy({ open }: Engine, policy: Policy): Promise<Opened> {
  try {
    return (await open(policy)) ?? "—";
  } catch {
    return "refused";
  }
}

function answer({ read = JSON.parse }: Engine, ask: Opened, request: Case["request"]): Answer {
  if (typeof ask === "string") return ask;
  let value: unknown;
  try {
    value = "text" in request ? read(request.text) : request.value;
  } catch {
    return "unread";
  }
  try {
    return ask(value);
  } catch {
    return "throws";
  }
}

export const DEEP = [
  "a policy with its condition in 1,000 parentheses, asked about 60000; then 10000 under the ordinary one",
  "a request for 10000 with a list nested 100,000 deep; then an ordinary one",
];

/** Whether an engine still answers after what is too deep for it; last, since it may not. */
async function deepAnswers(engine: Engine): Promise<readonly Answer[]> {
  const ask = await openPolicy(engine, DENY_ABOVE);
  const ordinary = { text: '{"amount":10000}' };
  const condition = `${"(".repeat(1_000)}${DENY_ABOVE.condition}${")".repeat(1_000)}`;
  const nested = `{"amount":10000,"memo":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;

  const request = answer(engine, ask, { text: nested });
  const afterRequest = answer(engine, ask, ordinary);
  const policy = await openPolicy(engine, { ...DENY_ABOVE, condition });
  const first = answer(engine, policy, { text: '{"amount":60000}' });
  const afterPolicy = answer(engine, ask, ordinary);
  return [`${first}, then ${afterPolicy}`, `${request}, then ${afterRequest}`];
}
