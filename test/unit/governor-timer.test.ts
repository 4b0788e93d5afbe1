/** A clock that was set back for a moment lets nothing sleep that is due once it is right again. */
import { nodeGovernor } from "@polity/governor/node/governor-ports.ts";
import { expect, test } from "vitest";
import { begun, governed } from "../support/governing.ts";
import { NOW } from "../support/trust-roots.ts";

/** Time that only goes forward, and a clock that may be wrong about it. */
function skewedClock() {
  let [time, skewMs] = [NOW, 0];
  let waiting: { readonly at: number; readonly run: () => void }[] = [];
  const wake = (afterMs: number, run: () => void) => {
    const one = { at: time + afterMs, run };
    waiting.push(one);
    return () => {
      waiting = waiting.filter((other) => other !== one);
    };
  };
  const pass = (ms: number) => {
    const end = time + ms;
    for (;;) {
      const [next] = waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      waiting = waiting.filter((other) => other !== next);
      time = Math.max(time, next.at);
      next.run();
    }
    time = end;
  };
  const skew = (ms: number) => {
    skewMs = ms;
  };
  return { ports: { ...nodeGovernor, now: () => time + skewMs, wake }, pass, skew };
}

test("a lease that ends after the clock was set right is not forgotten", async () => {
  const { ports, pass, skew } = skewedClock();
  const current = () => ({ policyFrom: 0, policyUntil: NOW + 30_000, factsUntil: NOW + 30_000 });
  const { governor } = await governed({ ports, window: current });
  const short = await begun(governor, undefined, { leaseMs: 3_000 });
  const long = await begun(governor, undefined, { leaseMs: 40_000 });
  skew(-7_200_000);
  // The timer rings for the one, and is set for the other by a clock that is wrong.
  pass(5_000);
  expect(short.signal.reason).toMatchObject({ code: "governor.clock_back" });
  skew(0);
  pass(30_000);
  expect(long.signal.aborted).toBe(false);
  pass(20_000);
  expect(long.signal.reason).toMatchObject({ code: "execution.lease_lost" });
});
