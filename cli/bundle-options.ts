/** Of `pol decide`: whether it is a bundle that is asked, and under whose word. */
import type { BundleDeskFiles } from "./bundle-desk.ts";
import { countOption } from "./count-option.ts";
import { digestOption } from "./digest-option.ts";
import { type Invocation, usage } from "./invocation.ts";
import { labelOption } from "./label-option.ts";
import { timeOption } from "./time-option.ts";

/** What says nothing without a trust root. */
const WITH_TRUST = ["freshness", "continue", "floor", "audience", "pin", "now"];
/** What a bundle brings itself. */
const WITHOUT = ["set", "facts", "root", "engine"];

/** Null where no bundle is meant. */
export function bundleOptions(invocation: Invocation): BundleDeskFiles | null {
  const { command, operands, values, switches } = invocation;
  const [bundle = ""] = operands;
  const trust = values.get("trust");
  if (trust === undefined) {
    const needless = WITH_TRUST.find((name) => values.has(name));
    if (needless !== undefined)
      throw usage(command, `--${needless} is about a bundle, and --trust is missing`);
    if (switches.has("first-start"))
      throw usage(command, "--first-start is about a bundle, and --trust is missing");
    if (!bundle.endsWith(".tar")) return null;
    throw usage(
      command,
      "--trust is missing",
      "a bundle is asked under a trust root: --trust, --freshness, --floor",
    );
  }
  const surplus = WITHOUT.find((name) => values.has(name));
  if (surplus !== undefined)
    throw usage(command, `a bundle has all that it decides by: --${surplus} says nothing`);
  const [freshness, floor] = [values.get("freshness"), values.get("floor")];
  if (freshness === undefined)
    throw usage(command, "--freshness is missing: who says that it is the latest epoch?");
  if (floor === undefined) throw usage(command, "--floor is missing: where is the last epoch kept?");
  return {
    ...{ bundle, trust, freshness, floor },
    isFirst: switches.has("first-start"),
    audience: labelOption(invocation, "audience"),
    pin: digestOption(invocation, "pin"),
    nowMs: timeOption(invocation, "now") ?? Date.now(),
    continueMs: (countOption(invocation, "continue", 1) ?? 0) * 1000,
  };
}
