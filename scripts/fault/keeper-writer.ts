/** A process that raises a number that must never go back, some times, and says each that is durable. */
import { writeSync } from "node:fs";
import { type KeeperName, openNamed } from "./keeper.ts";

export interface KeeperPlan {
  readonly keeper: KeeperName;
  readonly home: string;
  readonly times: number;
}

const { keeper: name, home, times } = JSON.parse(process.argv[2] ?? "") as KeeperPlan;
process.exitCode = await run();

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function reason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "thrown";
  return `${/^[a-z]+\.[a-z_]+$/.test(code) ? code : "thrown"} - - ${String(error).split("\n")[0]}`;
}

async function run(): Promise<number> {
  say("begin");
  try {
    const keeper = await openNamed(name, home);
    const from = await keeper.read();
    say(`open ${from}`);
    for (let to = from + 1; to <= from + times; to += 1) {
      await keeper.raise(to);
      say(`kept ${to}`);
    }
    await keeper.close();
    say("done");
    return 0;
  } catch (error) {
    say(`failed ${reason(error)}`);
    return 1;
  }
}
