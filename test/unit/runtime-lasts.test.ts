/** How long answers last, to the millisecond, for each form in which rules read the time. */
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { OpenHost } from "@polity/runtime/host.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { compiled } from "../support/compiled.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Sunday. */
const NOW = Date.UTC(2026, 10, 22, 10, 20, 30, 400);
const FAR = NOW + 1_000 * DAY;

const POLICY = `polity 1
policy test.lasts version 1
containment within 1d
entity Team
entity User in Team
subject who: User
every action { at: timestamp, spare: timestamp?, times: list<timestamp> max 4, flag: bool, gap: duration }
action before { } action until { } action after { } action same { } action other { } action within { }
action later { } action ahead { } action since { } action offset { } action weekday { } action zone { }
action minute { } action chosen { } action least { } action some { } action usual { } action plain { }
action skipped { } action asked { } action moved { } action sum { } action never { }
allow before on before when now < at
allow until on until when now <= at
allow after on after when now > at
allow same on same when now == at
allow other on other when now != at
allow within on within when now in at..at + 1h
allow later on later when now + gap < at
allow ahead on ahead when at - now < 2h
allow since on since when age(at) < 3h
allow offset on offset when now.at("+02:00").hour == 12
allow weekday on weekday when now.at("+02:00").weekday == 7
allow zone on zone when now.in("Europe/Berlin").hour == 11
allow minute on minute when now.at("+00:00").minute == 20
allow chosen on chosen when (if flag then now else at) < at + 1h
allow least on least when (min(t in times: t - now) ?? 0ms) < 1h @absent_ok(times, "none")
allow some on some when any(t in times: t < now)
allow usual on usual when (spare ?? now) < at @absent_ok(spare, "now")
allow plain on plain when flag
allow skipped on skipped when flag and now < at
allow asked on asked always
hold asked_team on asked when flag until approved by Team::"t" within 1h
allow moved on moved when (now + 1h) - gap < at
allow sum on sum when sum(t in times: t - now) < 1h @absent_ok(times, "none")
allow never on never when at < at + gap
`;

const HEADER: Header = {
  now: NOW,
  policyFrom: NOW - DAY,
  policyUntil: FAR,
  factsUntil: FAR,
  containment: { state: "free", readAt: NOW },
  trust: 500,
  approvals: [],
};

let host: OpenHost;
beforeAll(async () => {
  const { wasm } = await buildEvaluator(compiled(POLICY));
  const entities = [
    { type: "Team", id: "t" },
    { type: "User", id: "u" },
    { type: "User", id: "v", parents: [{ type: "Team", id: "t" }] },
  ];
  const loaded = await loadUnsigned(wasm, { facts: JSON.stringify({ entities }) });
  if (!loaded.ok) throw new Error(loaded.message);
  host = loaded.host;
});

interface Fields {
  readonly at: number;
  readonly flag?: boolean;
  readonly gap?: number;
  readonly spare?: number;
  readonly times?: readonly number[];
}

function fieldsOf({ at, flag = true, gap = 0, spare, times = [] }: Fields) {
  const given = { who: "u", at: text(at), times: times.map(text), flag, gap: `${gap}ms` };
  return spare === undefined ? given : { ...given, spare: text(spare) };
}

function text(ms: number): string {
  return new Date(ms).toISOString();
}

/** The rest of the containment's day, where no rule reads the time. */
const rows: readonly (readonly [action: string, fields: Fields, lasts: number])[] = [
  ["before", { at: NOW + 5_000 }, 5_000],
  ["before", { at: NOW - 5_000 }, DAY],
  ["until", { at: NOW + 5_000 }, 5_000],
  ["after", { at: NOW + 5_000 }, 5_000],
  ["after", { at: NOW - 5_000 }, DAY],
  ["same", { at: NOW }, 1],
  ["other", { at: NOW + 7 }, 7],
  ["within", { at: NOW + 10_000 }, 10_000],
  ["within", { at: NOW - 10_000 }, HOUR - 10_000],
  ["within", { at: NOW - DAY }, DAY],
  ["later", { at: NOW + 9_000, gap: 2_000 }, 7_000],
  ["ahead", { at: NOW + 3 * HOUR }, HOUR],
  ["ahead", { at: NOW + HOUR }, DAY],
  ["since", { at: NOW - HOUR }, 2 * HOUR],
  ["since", { at: NOW + 1_000 }, 1_000],
  ["offset", { at: NOW }, HOUR - (20 * 60_000 + 30_400)],
  ["weekday", { at: NOW }, DAY - (12 * HOUR + 20 * 60_000 + 30_400)],
  ["zone", { at: NOW }, 15 * 60_000 - (5 * 60_000 + 30_400)],
  ["minute", { at: NOW }, 60_000 - 30_400],
  ["chosen", { at: NOW, flag: true }, HOUR],
  ["least", { at: NOW, times: [NOW + 2 * HOUR, NOW + 3 * HOUR] }, HOUR],
  ["some", { at: NOW, times: [NOW + 9_000, NOW + 4_000] }, 4_000],
  ["usual", { at: NOW + 300 }, 300],
  ["usual", { at: NOW + 300, spare: NOW }, 300],
  ["plain", { at: NOW }, DAY],
  ["skipped", { at: NOW + 300, flag: false }, DAY],
  ["skipped", { at: NOW + 300 }, 300],
  ["moved", { at: NOW + 2 * HOUR, gap: HOUR }, 2 * HOUR],
  ["sum", { at: NOW, times: [NOW + 5 * HOUR] }, 1],
  ["never", { at: NOW, gap: 5 }, DAY],
];

describe("an answer lasts", () => {
  test.each(rows)("%s %o", (action, fields, lasts) => {
    expect(host.decide(action, fieldsOf(fields), HEADER).code).toMatch(/^(?:rule|no_rule|error.range)$/);
    expect(host.lasts(action, fieldsOf(fields), HEADER)).toBe(lasts);
  });

  test("no longer than an approval is good", () => {
    const fields = fieldsOf({ at: NOW });
    const request = host.request("asked", fields);
    if (!request.ok) throw new Error(request.code);
    const approvals = [
      { request: request.digest, approver: { type: "User", id: "v" }, askedAt: NOW - 9_000, givenAt: NOW },
    ];
    expect(host.decide("asked", fields, { ...HEADER, approvals }).verdict).toBe("allow");
    expect(host.lasts("asked", fields, { ...HEADER, approvals })).toBe(HOUR - 9_000);
    expect(host.lasts("asked", fields, HEADER)).toBe(DAY);
  });

  test("no longer than policy, facts and containment are current", () => {
    const fields = fieldsOf({ at: NOW });
    expect(host.lasts("plain", fields, { ...HEADER, policyUntil: NOW + 10 })).toBe(11);
    expect(host.lasts("plain", fields, { ...HEADER, factsUntil: NOW })).toBe(1);
    const containment = { state: "free", readAt: NOW - 300 } as const;
    expect(host.lasts("plain", fields, { ...HEADER, containment })).toBe(DAY - 300);
    expect(host.lasts("plain", fields, { ...HEADER, policyFrom: NOW + 20 })).toBe(20);
  });

  test("a millisecond where nothing is known", () => {
    expect(host.lasts("plain", fieldsOf({ at: NOW }), null as never)).toBe(1);
    expect(host.lasts("unheard_of", {}, HEADER)).toBe(DAY);
  });
});
