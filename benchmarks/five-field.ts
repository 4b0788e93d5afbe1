/**
 * What does one small decision cost next to hand-written JavaScript? The policy is examples/access; 512
 * varied requests in one array, the same objects for every row.
 */
import { readFileSync } from "node:fs";
import { type Header, load } from "@polity/runtime/index.ts";
import { measure, type Row, used } from "./measure.ts";
import { random } from "./random.ts";

interface Access {
  readonly role: string;
  readonly owner: string;
  readonly user: string;
  readonly verb: string;
  readonly locked: boolean;
}

const SIZE = 512;
const NOW = 1_795_341_600_000;

const HEADER: Header = {
  now: NOW,
  policyFrom: NOW - 1_000,
  policyUntil: NOW + 1_000,
  factsUntil: NOW + 1_000,
  containment: { state: "free", readAt: NOW },
  trust: 1_000,
  approvals: [],
};

/** As a server has them: parsed from JSON, so that no string is shared with the code that compares it. */
function requests(seed: number): readonly Access[] {
  const next = random(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  const people = Array.from({ length: 24 }, (_, i) => `user-${i}`);
  const made = Array.from({ length: SIZE }, () => ({
    role: pick(["admin", "owner", "member", "member", "guest", "auditor"]),
    owner: pick(people),
    user: next() < 0.5 ? "user-3" : pick(people),
    verb: pick(["read", "write", "delete", "share"]),
    locked: next() < 0.2,
  }));
  return made.map((request) => JSON.parse(JSON.stringify(request)) as Access);
}

function byHand(request: Access): boolean {
  if (request.role === "admin" || request.role === "owner") return true;
  const { owner, user, verb, locked } = request;
  return owner === user && (verb === "read" || verb === "write") && !locked;
}

/** Rows for the policy in `wasm`; throws where the two disagree on any request. */
async function fiveField(wasm: Uint8Array, seed: number): Promise<readonly Row[]> {
  const loaded = await load(wasm);
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  const { host } = loaded;
  const all = requests(seed);
  for (const request of all) {
    const { verdict } = host.decide("access", request, HEADER);
    if ((verdict === "allow") !== byHand(request))
      throw new Error(`disagreement on ${JSON.stringify(request)}`);
  }
  let i = 0;
  const request = () => all[i++ % SIZE] as Access;
  return measure([
    { name: "hand-written JavaScript", run: () => (byHand(request()) ? 1 : 0) },
    {
      name: "Polity, encode and decide",
      run: () => (host.decide("access", request(), HEADER).verdict === "allow" ? 1 : 0),
    },
  ]);
}

const [file = "", seed = "1"] = process.argv.slice(2);
const rows = await fiveField(new Uint8Array(readFileSync(file)), Number(seed));
process.stdout.write(`${JSON.stringify({ rows, used: used() > 0 })}\n`);
