import type { Outcome } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import { loadFacts } from "../../compiler/interpret/facts.ts";
import { interpret } from "../../compiler/interpret/interpret.ts";
import { compiled } from "./compiled.ts";

export const NOW = 1_795_000_000_000;
export const DIGEST = `sha256:${"d".repeat(64)}`;

/** A header under which everything is free and current. */
export const HEADER: Header = {
  now: NOW,
  policyFrom: NOW - 1_000,
  policyUntil: NOW + 1_000,
  factsUntil: NOW + 1_000,
  containment: { state: "free", readAt: NOW },
  trust: 500,
  approvals: [],
};

/** Asks the reference interpreter; the header may be bent at will. */
export type Ask = (fields: unknown, header?: unknown, action?: string) => Outcome;

/** For a policy whose action is `act`, under facts that must load. */
export function asking(text: string, entities: readonly unknown[] = []): Ask {
  const checked = compiled(text);
  const loaded = loadFacts(checked, { entities });
  if (!loaded.ok) throw new Error(`${loaded.refusal.code}: ${loaded.refusal.message}`);
  return (fields, header = HEADER, action = "act") =>
    interpret(checked, loaded.facts, { action, fields, header: header as Header, digest: DIGEST });
}
