/** The table of time zones: made again, and compared with the one in Node where their releases agree. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { localPart } from "../../compiler/interpret/local.ts";
import { readRule, TZDATA, type Zone, zoneNames, zoneOf } from "../../compiler/zones.ts";
import { zonesText } from "../../scripts/generate-zones.ts";
import { notRun } from "../support/not-run.ts";

const FOLDER = "/usr/share/zoneinfo";

test("zones.json is what the generator writes", () => {
  const release = existsSync(`${FOLDER}/tzdata.zi`)
    ? /^# version (\S+)/.exec(readFileSync(`${FOLDER}/tzdata.zi`, "utf8"))?.[1]
    : undefined;
  if (release !== TZDATA) return notRun("zones.json made again", `no tzdata ${TZDATA} in ${FOLDER}`);
  const written = readFileSync(new URL("../../compiler/zones.json", import.meta.url), "utf8");
  expect(written === zonesText()).toBe(true);
});

/** Before 1970 builds of the data differ, and after its release so do rules. */
const FROM = Date.UTC(1970, 0, 1);
const UNTIL = Date.UTC(2024, 0, 1);

/** Releases after this one have corrected or changed what these did before 2024. */
const REVISED = new Set(["America/Tijuana", "America/Ensenada", "America/Santa_Isabel", "Mexico/BajaNorte"]);
for (const name of ["Europe/Chisinau", "Europe/Tiraspol"]) REVISED.add(name);

/** Names that one of the two has changed or left out since. */
const known = new Set(Intl.supportedValuesOf("timeZone"));

describe("instants as Intl has them", () => {
  const names = [...zoneNames()].filter((name) => known.has(name) && !REVISED.has(name));

  test("most zones are compared", () => expect(names.length).toBeGreaterThan(400));

  test("random ones, and both sides of every change", () => {
    const wrong: string[] = [];
    let seed = 7;
    for (const name of names) {
      const zone = zoneOf(name) as Zone;
      const format = new Intl.DateTimeFormat("en-US", {
        timeZone: name,
        hourCycle: "h23",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
      const instants = zone.transitions.flatMap(({ at }) => [at * 1000 - 1, at * 1000]);
      for (let n = 0; n < 20; n += 1) {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        instants.push(FROM + Math.floor((seed / 2_147_483_648) * (UNTIL - FROM)));
      }
      for (const at of instants) {
        if (at < FROM || at >= UNTIL) continue;
        const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
        for (const part of ["year", "month", "day", "hour", "minute", "second"] as const) {
          const mine = localPart(BigInt(at), { kind: "zone", zone }, part);
          if (mine !== BigInt(parts.get(part) ?? -1))
            wrong.push(`${name} ${new Date(at).toISOString()} ${part}`);
        }
      }
    }
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  test("rules of the far future", () => {
    const berlin = zoneOf("Europe/Berlin") as Zone;
    for (const year of [2040, 2099, 2100, 2400, 5000]) {
      for (let month = 0; month < 12; month += 1) {
        const at = Date.UTC(year, month, 15, 12);
        const hour = Number(
          new Intl.DateTimeFormat("en", { timeZone: berlin.name, hour: "numeric", hourCycle: "h23" }).format(
            at,
          ),
        );
        expect(localPart(BigInt(at), { kind: "zone", zone: berlin }, "hour")).toBe(BigInt(hour));
      }
    }
  });
});

test("every rule of the release is read, and none changes near the turn of a year", () => {
  const table = JSON.parse(readFileSync(new URL("../../compiler/zones.json", import.meta.url), "utf8")) as {
    zones: string[];
  };
  const footers = new Set(
    table.zones.map((packed) => packed.split(";")[2] ?? "").filter((text) => text !== ""),
  );
  expect(footers.size).toBeGreaterThan(20);
  for (const footer of footers) {
    const rule = readRule(footer);
    expect(rule, footer).not.toBeNull();
    for (const day of [rule?.start, rule?.end]) {
      expect(day?.month, footer).toBeGreaterThan(1);
      expect(day?.month, footer).toBeLessThan(12);
      // The prelude takes one week off for the last one, which is enough where five fit or four.
      expect(day?.week, footer).toBeLessThan(6);
    }
  }
});
