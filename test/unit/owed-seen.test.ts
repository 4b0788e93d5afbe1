/** What is owed can be seen: by the service that owes it, and in its log by anybody. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { enforce } from "@polity/governor/answers.ts";
import { expect, test } from "vitest";
import { ADA, BOB, begun, hostOf, pay, saying, until } from "../support/governing.ts";
import { keyOf, serving } from "../support/serving.ts";

const POL = fileURLToPath(new URL("../../cli/bin/pol.js", import.meta.url));

function listed(dir: string, ...options: string[]): string {
  const { stdout, status } = spawnSync(process.execPath, [POL, "obligations", "list", dir, ...options], {
    encoding: "utf8",
  });
  expect(status).toBe(0);
  return stdout;
}

test("until it is done, by the service and by the log", async () => {
  let attempts = 0;
  let hear = () => {};
  const heard = new Promise<void>((resolve) => {
    hear = resolve;
  });
  const receipt = async () => {
    attempts += 1;
    if (attempts === 1) throw new Error(`nobody hears ${"it ".repeat(2_000)}`);
    // Pauses would grow for as long as this test takes.
    await heard;
  };
  const limits = { obligationPauseMs: 20, obligationAttemptsMax: 1_000 };
  const [ada, bob] = [keyOf({ name: "ada", agents: [ADA] }), keyOf({ name: "bob", agents: [BOB] })];
  const governed = { host: await hostOf(), obligations: { receipt }, limits };
  const { ask, governor, store, dir, entries } = await serving({ keys: [ada.row, bob.row], governed });
  const list = async (key?: string) => (await ask("GET", "/v1/obligations", undefined, key)).body.obligations;
  expect(await list()).toEqual([]);
  const execution = await begun(governor);
  const answer = await execution.authorize(pay(250));
  expect(await enforce(answer, saying())).toBe("ran");
  await until(() => governor.outstanding().some(({ problem }) => problem !== null));
  const [one, ...others] = await list();
  expect(others).toEqual([]);
  expect(one).toMatchObject({
    ...{ decision: answer.id, execution: execution.id, action: "pay", name: "receipt" },
    ...{ arguments: { amount: 250 }, problem: expect.stringContaining("nobody hears") },
  });
  expect(one.attempts).toBeGreaterThan(0);
  expect(one.problem.length).toBeLessThanOrEqual(1_000);
  expect([(await list(ada.key)).length, (await list(bob.key)).length]).toEqual([1, 0]);

  // It is tried as soon as it ran, and what came of it is written meanwhile.
  while (!(await entries()).some(({ kind }) => kind === "outcome")) await store.flush();
  await store.checkpoint();
  expect(listed(dir)).toMatch(/^\d+ +[0-9a-f-]{36} +pay +receipt +succeeded\n$/);
  expect(JSON.parse(listed(dir, "--json"))).toEqual({
    obligations: [
      {
        ...{ decision: answer.id, index: expect.any(Number), node: "n1", execution: execution.id },
        ...{ action: "pay", name: "receipt", arguments: { amount: 250 }, status: "succeeded" },
      },
    ],
  });

  hear();
  await until(() => governor.outstanding().length === 0);
  expect(await list()).toEqual([]);
  await store.checkpoint();
  expect(listed(dir)).toBe("nothing is owed\n");
  const { key } = keyOf({ name: "none", may: ["approve"] });
  expect((await ask("GET", "/v1/obligations", undefined, key)).status).toBe(401);
});
