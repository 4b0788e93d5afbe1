/** Histories to be decided again: what a host writes down, and the artefacts that it wrote it with. */
import { type Artefacts, heldArtefacts } from "@polity/lineage/artefacts.ts";
import { commitRequest, presentPointers } from "@polity/lineage/commitment.ts";
import { type Decided, decisionEntry } from "@polity/lineage/decision-entry.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import { encodeEntry } from "@polity/lineage/entry-codec.ts";
import {
  makeReplay,
  type ReplayEntry,
  type ReplayedSet,
  type ReplayFinding,
  type ReplaySummary,
} from "@polity/lineage/replay.ts";
import { type OpenPanel, wasmPanels } from "@polity/lineage/replay-panel.ts";
import { unsignedSetDigest } from "@polity/lineage/set-digest.ts";
import { loadSetUnsigned, loadUnsigned, type UnsignedMember } from "@polity/runtime/authoring.ts";
import { sha256, utf8 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { RequestResult } from "@polity/runtime/request.ts";

export interface AskedOnce {
  readonly action: string;
  readonly fields: unknown;
  readonly entities?: unknown;
  readonly header: Header;
}

export interface Recorder {
  readonly artefacts: Artefacts;
  readonly request: (asked: AskedOnce) => RequestResult;
  /** As a host that keeps a log does it; `sensitive` are pointers. */
  readonly record: (asked: AskedOnce, sensitive?: readonly string[]) => ReplayEntry;
}

type Decide = (asked: AskedOnce) => Pick<Decided, "decision" | "policy" | "set">;

let salts = 0;
/** Salts that nobody else has, and the same in every run. */
function random(count: number): Uint8Array {
  salts += 1;
  return sha256(utf8(`salt ${salts}`)).slice(0, count);
}

function recorder(
  artefacts: Artefacts,
  facts: string,
  request: Recorder["request"],
  decide: Decide,
): Recorder {
  let index = 0;
  return {
    artefacts,
    request,
    record(asked, sensitive = []) {
      const named = request(asked);
      const pointers = named.ok ? presentPointers(named.json, sensitive) : [];
      const committed = named.ok ? commitRequest(named.json, pointers, random) : null;
      if (committed !== null && !committed.ok) throw new Error(committed.message);
      const entry = decisionEntry({
        identity: identity(index),
        requestId: `r-${index}`,
        ...decide(asked),
        facts,
        action: asked.action,
        request: named.ok ? { digest: named.digest, commitment: committed!.commitment } : null,
        header: asked.header,
      });
      index += 1;
      return { index: index - 1, bytes: bytesOf(entry), opening: committed?.opening ?? null };
    },
  };
}

function identity(seq: number): Decided["identity"] {
  const id = `00000000-0000-4000-8000-${String(seq).padStart(12, "0")}`;
  return { id, at: 1_795_000_000_000 + seq, node: "n", seq, execution: null, parents: [], trace: null };
}

export function bytesOf(entry: Entry): Uint8Array {
  const encoded = encodeEntry(entry);
  if (!encoded.ok) throw new Error(`${encoded.path}: ${encoded.message}`);
  return encoded.bytes;
}

export async function recordAlone(
  wasm: Uint8Array,
  facts: string,
  validity: { fromMs: number; untilMs: number } | null = null,
): Promise<Recorder> {
  const loaded = await loadUnsigned(wasm, { facts, obligations: "any", ...(validity && { validity }) });
  if (!loaded.ok) throw new Error(loaded.message);
  const { host } = loaded;
  const policy = { name: host.manifest.policy.name, evaluator: host.evaluator, validity: host.validity };
  return recorder(
    heldArtefacts([wasm, utf8(facts)], sha256),
    host.facts,
    ({ action, fields, entities }) => host.request(action, fields, entities),
    ({ action, fields, header, entities }) => ({
      decision: host.decide(action, fields, header, entities),
      policy,
    }),
  );
}

export async function recordSet(members: readonly UnsignedMember[], facts: string): Promise<Recorder> {
  const loaded = await loadSetUnsigned(members, { facts, obligations: "any" });
  if (!loaded.ok) throw new Error(loaded.message);
  const { set } = loaded;
  const seats = new Map(set.members.map((member) => [member.name, member]));
  const digest = unsignedSetDigest(set.members);
  const wasms = members.map(({ wasm }) => wasm ?? new Uint8Array());
  return recorder(
    heldArtefacts([...wasms, utf8(facts)], sha256),
    set.facts,
    ({ action, fields, entities }) => set.request(action, fields, entities),
    ({ action, fields, header, entities }) => {
      const decision = set.decide(action, fields, header, entities);
      const said = decision.members.map(({ name, shadow, decision: own }) => {
        const { manifest, evaluator, validity } = seats.get(name)!;
        return { name, policy: manifest.policy.name, evaluator, validity, isShadow: shadow, decision: own };
      });
      return { decision, policy: null, set: { digest, epoch: 0, members: said } };
    },
  );
}

export interface Replayed {
  readonly findings: readonly ReplayFinding[];
  readonly summary: ReplaySummary;
  readonly sets: readonly ReplayedSet[];
}

export async function replayed(
  rows: readonly ReplayEntry[],
  artefacts: Artefacts,
  open: OpenPanel = wasmPanels(artefacts, sha256),
): Promise<Replayed> {
  const replay = makeReplay({ open, sha256 });
  const findings: ReplayFinding[] = [];
  for (const row of rows) {
    const finding = await replay.next(row);
    if (finding !== null) findings.push(finding);
  }
  const sets = replay.sets();
  return { findings: [...findings, ...replay.end()], summary: { ...replay.summary }, sets };
}
