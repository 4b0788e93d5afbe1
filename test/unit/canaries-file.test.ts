/** The file of requests that a policy has to deny, and what is made where there is none. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCanaries } from "../../cli/canaries-file.ts";
import { freshFolder } from "../support/file-log.ts";
import { begun, governed, hostOf, manualClock, moduleOf, POLICY } from "../support/governing.ts";

function fileOf(content: unknown): string {
  const path = join(freshFolder(), "canaries.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const ONE = { agent: "Agent::ada", action: "pay", fields: { amount: 999, to: "x" } };

test("says who asks for what; such a node stops when its policy allows it", async () => {
  const { canaries, firstMs } = await readCanaries(fileOf([ONE]));
  expect([canaries, firstMs]).toEqual([[{ ...ONE, agent: { type: "Agent", id: "ada" } }], 0]);
  const measured = () => ({ zone: "eu" });
  const one = await governed({ canaries, measured, limits: { canaryFirstMs: firstMs } });
  expect(one.governor.stopped()).toBeNull();
  await one.host.replace({ wasm: await moduleOf(POLICY.replace("amount < 100", "amount < 1000")) });
  await one.governor.changed();
  const code = () => one.governor.stopped()?.code;
  await expect.poll(code, { timeout: 30_000 }).toBe("governor.canary");
});

test("without one, each node asks once a minute for what nobody can declare", async () => {
  const { canaries, firstMs: canaryFirstMs } = await readCanaries(undefined);
  const { ports, move } = manualClock();
  // Agents may be of any type.
  const bots = "entity Bot\nsubject bot: Bot\naction go {}\nallow all on go always\n";
  const text = `polity 1\npolicy test.bots version 1\n${bots}`;
  const facts = { entities: [{ type: "Bot", id: "b1" }] };
  for (const host of [await hostOf(), await hostOf(text, facts)]) {
    const one = await governed({ host, ports, canaries, limits: { canaryFirstMs } });
    await begun(one.governor);
    const made = async () =>
      (await one.entries()).flatMap((entry) => (entry.kind === "decision" ? [entry] : []));
    expect(await made()).toEqual([]);
    move(60_000);
    move(60_000);
    expect((await made()).map(({ code, execution }) => [code, execution])).toEqual([
      ["input.unknown_action", null],
      ["input.unknown_action", null],
    ]);
    expect(one.governor.stopped()).toBeNull();
  }
  // A host that allows whatever it is asked is found out.
  const sound = await hostOf();
  const payment = { agent: "ada", amount: 1, to: "x", zone: "eu" };
  const decide: typeof sound.decide = (_, __, header) => sound.decide("pay", payment, header);
  const loose = await governed({ host: { ...sound, decide }, ports, canaries, limits: { canaryFirstMs } });
  move(60_000);
  expect(loose.governor.stopped()).toMatchObject({ code: "governor.canary" });
});

test.each([
  ["{}", "no list of 1 to 64"],
  ["[]", "no list of 1 to 64"],
  ["[", "no file of canaries"],
  [Array(65).fill(ONE), "no list of 1 to 64"],
  [[null], "an entity like"],
  [[{ ...ONE, agent: "ada" }], "an entity like"],
  [[{ ...ONE, action: 1 }], "and nothing else"],
  [[{ agent: ONE.agent, action: "pay" }], "and nothing else"],
  [[{ ...ONE, verdict: "deny" }], "and nothing else"],
])("is refused: %j", async (content, why) => {
  await expect(readCanaries(fileOf(content))).rejects.toThrow(why);
});
