/** Local times: a zone becomes a table in memory. */
import type { Expr } from "../checked.ts";
import type { IrExpr } from "../ir.ts";
import type { RuleDay, Zone } from "../zones.ts";
import { intern, type LiteralPool } from "./literals.ts";
import { call } from "./machine.ts";

const PARTS = {
  year: "localYear",
  month: "localMonth",
  day: "localDay",
  hour: "localHour",
  minute: "localMinute",
  second: "localSecond",
  weekday: "localWeekday",
} as const;

export function lowerLocal(
  { part, place }: Extract<Expr, { kind: "local" }>,
  of: IrExpr,
  pool: LiteralPool,
): IrExpr {
  const local =
    place.kind === "offset"
      ? call("localAt", of, { kind: "number", value: BigInt(place.seconds) })
      : call("localIn", of, { kind: "literal", index: zoneLiteral(pool, place.zone) });
  return call(PARTS[part], local);
}

/** As prelude/local.ts reads it: count, first offset, the rule, then all times, then all offsets. */
function zoneLiteral(pool: LiteralPool, { name, initial, transitions, rule }: Zone): number {
  return intern(pool, `zone:${name}`, () => {
    const dayWords = ({ month, week, weekday, seconds }: RuleDay) => [month, week, weekday, seconds];
    const ruleWords =
      rule === null
        ? new Array<number>(11).fill(0)
        : [1, rule.standard, rule.daylight, ...dayWords(rule.start), ...dayWords(rule.end)];
    const times = transitions.map(({ at }) => at);
    const offsets = transitions.map(({ offset }) => offset);
    const words = [transitions.length, initial, ...ruleWords, ...times, ...offsets];
    return {
      words: words.map((word) => BigInt.asUintN(64, BigInt(word))),
      comment: `the time zone ${name}`,
      entity: null,
      patches: [],
    };
  });
}
