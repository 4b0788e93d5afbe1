/** The folder in which the demonstration happens, and `pol` in it. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LAUNCHER = join(import.meta.dirname, "../../cli/bin/pol.js");

export interface Said {
  readonly status: number;
  /** Both streams. */
  readonly text: string;
}

/** As a person runs it, in this folder, with nothing of their own around. */
export function pol(folder: string, ...args: readonly string[]): Said {
  const env = { ...process.env, HOME: folder, XDG_STATE_HOME: join(folder, ".state"), NO_COLOR: "1" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCHER, ...args], {
    cwd: folder,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  return { status: status ?? -1, text: `${stdout}${stderr}` };
}

const FIELDS = "amount: int 0..10_000, payee: string max 64, memo: string max 120";

const PAYS = (limit: number) => `polity 1
policy acme.pays version ${limit}
action pay { ${FIELDS} }
allow within on pay when amount <= ${limit}
`;

const GUARD = `polity 1
guard acme.screen version 1
action pay { ${FIELDS} }
deny listed on pay when payee == "mallory"
`;

/** What the older epoch allowed, and what the newer one does. */
export const LIMITS = { older: 1_000, newer: 500 };

export function writePolicies(folder: string): void {
  const members = [
    { name: "pays", file: "pays.pol" },
    { name: "screen", file: "screen.pol" },
  ];
  for (const [name, limit] of Object.entries(LIMITS)) {
    const project = join(folder, name);
    mkdirSync(project);
    writeFileSync(join(project, "pays.pol"), PAYS(limit));
    writeFileSync(join(project, "screen.pol"), GUARD);
    writeFileSync(join(project, "set.json"), `${JSON.stringify({ members }, null, 1)}\n`);
  }
}
