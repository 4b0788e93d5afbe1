/**
 * What is refused without being judged is in the log all the same. Whoever tries again and again must not
 * fill the log: so many in a minute are written each by itself, of the others only how many there were.
 */
import { idShape, nameShape } from "@polity/lineage/entry-schema.ts";
import { fits } from "@polity/lineage/entry-shape.ts";
import { utf8Length } from "@polity/runtime/text-order.ts";
import type { EventOf } from "../event.ts";
import { putDeadline, type Work, write } from "../work.ts";

const WINDOW_MS = 60_000;
const EACH_MAX = 256;
const EVENT_BYTES_MAX = 256;

type Refused = Omit<EventOf<"refused">, "kind" | "now">;

export function refused(work: Work, { code, what, digest, execution }: Refused): void {
  const { state } = work;
  const { refusals } = state;
  if (state.stopped !== null) return;
  if (state.now >= refusals.untilMs) {
    tellMore(work);
    refusals.untilMs = state.now + WINDOW_MS;
    refusals.written = 0;
  }
  if (refusals.written >= EACH_MAX) {
    if (refusals.more.size === 0) putDeadline(work, { at: refusals.untilMs, of: "refusals", who: "" });
    refusals.more.set(code, (refusals.more.get(code) ?? 0) + 1);
    return;
  }
  refusals.written += 1;
  const leaf = state.executions.get(execution ?? "")?.leaf ?? null;
  const parents = leaf === null ? [] : [{ leaf, relation: "caused", log: null } as const];
  const body = { kind: "event", name: code, phase: "refused", event: what, digest } as const;
  write(work, body, { parents }, { kind: "noted", execution: null, call: null });
}

/** How many were refused that have no entry of their own. */
export function tellMore(work: Work): void {
  const { more } = work.state.refusals;
  for (const [code, count] of more) {
    const body = {
      kind: "event",
      name: code,
      phase: "refused",
      event: `${count} more`,
      digest: null,
    } as const;
    write(work, body, {}, { kind: "noted", execution: null, call: null });
  }
  more.clear();
}

/** Who wanted to begin, as far as an entry has room for it; whatever is no agent is not named. */
export function beginName(agent: unknown): string {
  const { type, id } = (typeof agent === "object" && agent !== null ? agent : {}) as Record<string, unknown>;
  if (!fits(nameShape, type) || !fits(idShape, id)) return "begin";
  let [name, bytes] = ["", 0];
  for (const character of `begin ${type}::${id}`) {
    bytes += utf8Length(character);
    if (bytes > EVENT_BYTES_MAX) break;
    name += character;
  }
  return name;
}
