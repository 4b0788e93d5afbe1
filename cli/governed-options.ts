/** For which set and place a paper is, and entities: from options, and from what the trust root says. */

import { entityText } from "@polity/gateway/http/entity-text.ts";
import type { Governed } from "@polity/governor/papers/paper.ts";
import type { Party } from "@polity/lineage/entry.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import { type Invocation, usage } from "./invocation.ts";
import { labelOption } from "./label-option.ts";
import { quoted } from "./words.ts";

/** What is not said is the only one that the trust root has. */
export function governedOf(invocation: Invocation, root: TrustRoot): Governed {
  const { sets, audiences } = root.policy;
  const set = labelOption(invocation, "set") ?? only(sets);
  if (set === null) throw usage(invocation.command, `--set is one of ${sets.join(", ")}`);
  const audience = labelOption(invocation, "audience") ?? only(audiences);
  if (audience === null && audiences.length > 0) {
    throw usage(invocation.command, `--audience is one of ${audiences.join(", ")}`);
  }
  return { root, set, audience };
}

function only(names: readonly string[]): string | null {
  return names.length === 1 ? names[0]! : null;
}

export function entityOption(invocation: Invocation, name: string): Party | null {
  const text = invocation.values.get(name);
  return text === undefined ? null : entityOf(invocation, name, text);
}

/** One of an option that may come often. */
export function entityOf({ command }: Invocation, name: string, text: string): Party {
  const entity = entityText(text);
  if (entity === null) throw usage(command, `--${name} is an entity like Agent::a7, not ${quoted(text)}`);
  return entity;
}
