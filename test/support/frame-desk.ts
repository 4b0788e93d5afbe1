/** A place where requests become frames, without an evaluator. */
import { encodeFrame, openFrame } from "@polity/runtime/frame.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Type, Types } from "@polity/runtime/layout.ts";
import type { ActionLayout } from "@polity/runtime/manifest.ts";
import { type ActionPlan, makePlanner } from "@polity/runtime/plan.ts";
import { makeTarget } from "@polity/runtime/writers.ts";
import { layOut } from "./arbitrary-manifest.ts";

export const NOW = 1_795_000_000_000;
export const HEADER: Header = {
  now: NOW,
  policyFrom: NOW - 1,
  policyUntil: NOW + 1,
  factsUntil: NOW + 2,
  containment: { state: "free", readAt: NOW - 3 },
  trust: 700,
  approvals: [],
};

export const NO_TYPES: Types = { enums: new Map(), records: new Map(), entities: new Map() };

export interface Desk {
  readonly plan: ActionPlan;
  readonly encode: (fields: unknown, header?: unknown) => Uint8Array | string;
}

export function openDesk(action: ActionLayout, types: Types, room = 1 << 16): Desk {
  const plan = makePlanner(types).action(action, 3);
  const buffer = new ArrayBuffer(room + 4096);
  // What an earlier frame left behind must not shine through.
  new Uint8Array(buffer).fill(0xaa);
  const target = makeTarget(buffer, 1024, room, true);
  const writer = openFrame(target, {
    layoutTag: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    factsTag: Uint8Array.of(9, 10, 11, 12, 13, 14, 15, 16),
    entityNumbers: new Map([...types.entities.keys()].sort().map((name, at) => [name, at])),
    sha256,
  });
  return {
    plan,
    encode(fields, header = HEADER) {
      const code = encodeFrame(writer, plan, fields, header as Header);
      return code ?? new Uint8Array(buffer.slice(target.base, target.next));
    },
  };
}

/** A desk for one action whose fields are all read. */
export function deskFor(fields: Readonly<Record<string, Type>>, types: Types = NO_TYPES): Desk {
  const names = Object.keys(fields).sort();
  const action = layOut(
    "go",
    names.map((name) => ({ name, type: fields[name]!, read: true })),
    types,
  );
  return openDesk(action, types);
}
