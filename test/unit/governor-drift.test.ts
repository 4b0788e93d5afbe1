/** What runs is attested anew while it runs: renewed, exchanged, or shown by nobody any more. */
import { enforce } from "@polity/governor/answers.ts";
import type { Execution, Governor } from "@polity/governor/governor.ts";
import { type Attestation, signAttestation } from "@polity/governor/papers/attestation.ts";
import { expect, test } from "vitest";
import { ADA, BOB, BY_ROOT, governed, hostOf, manualClock, ordering, saying } from "../support/governing.ts";
import { GOVERNED } from "../support/papers.ts";
import { EMIL, NOW } from "../support/trust-roots.ts";

const [RELEASED, OTHER] = [`sha256:${"a1".repeat(32)}`, `sha256:${"b2".repeat(32)}`];

const POLICY = `polity 1
policy test.attested version 1
import "std/attestation"
entity Agent
subject agent: Agent
action pay { amount: int 0..1000, attestation: Attestation from host }
action look { amount: int 0..1000 }
allow released on pay when attests_image(attestation, {"${RELEASED}"})
  and attested_within(attestation, 1h)
allow any on look always
deny distrusted on look when trust < 100
`;

function statement(change: Partial<Attestation> = {}, digest = RELEASED): Promise<string> {
  const { root, set, audience } = GOVERNED;
  const scope = { root: root.name, set, audience, issuedMs: NOW - 1_000, expiresMs: NOW + 600_000 };
  const image = { name: "registry.example.com/agent", digest };
  const what = { agent: ADA, issuer: "launcher", environment: "production", hardware: "tpm" } as const;
  return signAttestation({ ...scope, image, ...what, ...change }, [EMIL]);
}

async function open() {
  const { ports, move } = manualClock();
  const opened = await governed({ ports, governed: BY_ROOT, host: await hostOf(POLICY, agents) });
  return { ...opened, move };
}

const agents = { entities: [ADA, BOB] };
const pay = { action: "pay", fields: { amount: 5 } };
const look = { action: "look", fields: { amount: 5 } };

async function begin(governor: Governor, attestation: string | null, parent: string | null = null) {
  const agent = parent === null ? ADA : BOB;
  const said = await governor.begin({ agent, purpose: null, parent, zone: null, attestation });
  if (!said.ok) throw new Error(`${said.code}: ${said.message}`);
  return said.execution;
}

/** Goes on until it is stopped; then `stopped` says why. */
const started = async (execution: Execution, step = pay) => {
  const answer = await execution.authorize(step);
  expect([answer.verdict, answer.code]).toEqual(["allow", "rule"]);
  const ran = enforce(
    answer,
    saying(() => new Promise<string>(() => {})),
  );
  return { stopped: ran.catch((error: unknown) => error) };
};

test("what is attested fills the field, and nothing does where nothing is", async () => {
  const { governor } = await open();
  const attested = await begin(governor, await statement());
  expect(await enforce(await attested.authorize(pay), saying())).toBe("ran");
  const bare = await begin(governor, null);
  expect(await enforce(await bare.authorize(pay), saying())).toMatch(/^deny input\.missing/);
  const forged = { action: "pay", fields: { amount: 5, attestation: { image: RELEASED } } };
  expect(await enforce(await bare.authorize(forged), saying())).toBe("deny step.invalid");
});

test("a renewed statement changes nothing that runs, and an older one is refused", async () => {
  const { governor, entries } = await open();
  const execution = await begin(governor, await statement());
  await started(execution);
  const renewed = await statement({ issuedMs: NOW });
  const applied = await governor.attest(execution.id, renewed);
  expect(applied).toMatchObject({ ok: true, entry: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(await governor.attest(execution.id, renewed)).toEqual({ ok: true, entry: null });
  expect(await governor.attest(execution.id, await statement({ issuedMs: NOW - 500 }))).toMatchObject({
    ok: false,
    code: "attestation.replayed",
  });
  expect(execution.signal.aborted).toBe(false);
  const events = (await entries()).flatMap((one) => (one.kind === "event" ? [one.name] : []));
  expect(events).toEqual(["attestation"]);
});

test("another image is drift: what it may not do is stopped, with whatever acts for it", async () => {
  const { governor, entries } = await open();
  const execution = await begin(governor, await statement());
  const child = await begin(governor, null, execution.id);
  const { stopped } = await started(execution);
  const there = await started(child, look);
  expect(await governor.attest(execution.id, await statement({ issuedMs: NOW }, OTHER))).toMatchObject({
    ok: true,
  });
  expect(await stopped).toMatchObject({ code: "no_rule" });
  expect(await there.stopped).toMatchObject({ name: "GovernorAbort" });
  // Nor does the statement about what ran before bring it back.
  const again = await governor.attest(execution.id, await statement());
  expect(again).toMatchObject({ ok: false });
  const drift = (await entries()).find((one) => one.kind === "event");
  expect(drift).toMatchObject({ name: "attestation.drifted", event: OTHER, execution: execution.id });
});

test("drift into what is contained stops also what does nothing, and its children", async () => {
  const { governor } = await open();
  await governor.order(await ordering({ kind: "workload", digest: OTHER }, { kind: "quarantine" }));
  const execution = await begin(governor, await statement());
  const child = await begin(governor, null, execution.id);
  const { stopped } = await started(child, look);
  await governor.attest(execution.id, await statement({ issuedMs: NOW }, OTHER));
  expect(execution.signal.reason).toMatchObject({ code: "subject.quarantined" });
  expect(await stopped).toMatchObject({ code: "subject.quarantined" });
});

test("a child is judged again when what it acts for drifts into less trust", async () => {
  const { governor } = await open();
  await governor.order(await ordering({ kind: "workload", digest: OTHER }, { kind: "trust", trust: 99 }));
  const execution = await begin(governor, await statement());
  const child = await begin(governor, null, execution.id);
  const { stopped } = await started(child, look);
  await governor.attest(execution.id, await statement({ issuedMs: NOW }, OTHER));
  expect(await stopped).toMatchObject({ code: "rule" });
  expect(execution.signal.aborted).toBe(false);
});

test("a statement that is not renewed in time stops what runs", async () => {
  const { governor, move } = await open();
  const execution = await begin(governor, await statement({ expiresMs: NOW + 30_000 }));
  const { stopped } = await started(execution);
  await governor.attest(execution.id, await statement({ issuedMs: NOW, expiresMs: NOW + 50_000 }));
  move(40_000);
  expect(execution.signal.aborted).toBe(false);
  move(10_000);
  expect(await stopped).toMatchObject({ code: "attestation.expired" });
});

test("what nobody shows any more is withdrawn: the execution is stopped, and the log says why", async () => {
  const { governor, entries } = await open();
  const execution = await begin(governor, await statement());
  const { stopped } = await started(execution);
  const why = { ok: false, code: "attestation.unsigned", message: "no key has signed" } as const;
  const applied = await governor.withdraw(execution.id, why);
  expect(applied).toMatchObject({ ok: true });
  expect(await stopped).toMatchObject({ code: "attestation.unsigned" });
  const event = (await entries()).find((one) => one.kind === "event");
  expect(event).toMatchObject({ name: "attestation", phase: "failed", event: "attestation.unsigned" });
  expect(event?.id).toBe(applied.ok ? applied.entry : null);
  expect(await governor.withdraw(execution.id, why)).toMatchObject({ code: "execution.unknown" });
});
