import { beforeAll, expect, test } from "vitest";
import { type Opened, openSource } from "../support/frame-vectors.ts";
import { factsFor, tryInstance } from "../support/raw-instance.ts";

const POLICY = `polity 1
policy hostile.tables version 1
entity Agent
setting limit: int 0..100 = 5
setting words: set<string max 8> = {"a"}
table grant { agent: Agent, tool: string max 8, rows: int 0..9, open: bool } key agent, tool max 2 per agent
action use { agent: Agent, tool: string max 8 }
allow granted on use when grant[agent, tool] is present and grant[agent, tool].rows < limit
allow word on use when tool in words
allow one on use when any(g in grant: g.agent == agent and g.open)
`;

const FACTS = JSON.stringify({
  entities: ["a", "b"].map((id) => ({ type: "Agent", id })),
  settings: { words: ["x", "yy"] },
  tables: {
    grant: [
      { agent: "b", tool: "sql", rows: 3, open: true },
      { agent: "a", tool: "sql", rows: 2, open: false },
      { agent: "a", tool: "csv", rows: 1, open: false },
    ],
  },
});

let opened: Opened;
let block: Uint8Array;
let tag: Uint8Array;

beforeAll(async () => {
  opened = await openSource({ policy: POLICY, facts: FACTS });
  ({ block, tag } = factsFor(opened, FACTS));
});

function isTaken(bytes: Uint8Array): boolean {
  const ready = tryInstance(opened, { block: bytes, tag });
  if ("failed" in ready) expect(ready.failed).toBe("facts");
  return !("failed" in ready);
}

const STRIDE = 32;

/** Directory: one entity type, then the table: count, offset, bytes of a row. */
function rowsAt(): number {
  return new DataView(block.buffer, block.byteOffset).getUint32(48 + 4, true);
}

test("the block is taken, and each of its bytes changed is refused or says another value", () => {
  expect(isTaken(block)).toBe(true);
  let refused = 0;
  for (let at = 0; at < block.length; at += 1) {
    for (const bits of [0x81, 0x01, 0xff]) {
      const changed = block.slice();
      changed[at]! ^= bits;
      if (!isTaken(changed)) refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(block.length);
});

test("rows out of order, twice, or too many of one kind are refused", () => {
  const from = rowsAt();
  const row = (index: number) => block.slice(from + index * STRIDE, from + (index + 1) * STRIDE);
  const withRows = (...rows: Uint8Array[]) => {
    const changed = block.slice();
    for (const [index, bytes] of rows.entries()) changed.set(bytes, from + index * STRIDE);
    return changed;
  };
  expect(isTaken(withRows(row(0), row(1), row(2)))).toBe(true);
  expect(isTaken(withRows(row(1), row(0), row(2)))).toBe(false);
  expect(isTaken(withRows(row(0), row(0), row(2)))).toBe(false);
  // The third row is of another agent: with the first one's there would be three.
  const sameAgent = row(2);
  sameAgent.set(row(0).subarray(0, 8), 0);
  expect(isTaken(withRows(row(0), row(1), sameAgent))).toBe(false);
});
