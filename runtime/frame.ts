/**
 * One request as one evaluator reads it: the frame of docs/abi.md, written straight into the instance's
 * memory.
 */
import { canonicalFields, type InputCode } from "./canonical-fields.ts";
import { type Carried, canonicalCarried, NONE_CARRIED, putCarried } from "./carried.ts";
import { type Sha256, utf8 } from "./hash.ts";
import type { Header } from "./header.ts";
import {
  ALWAYS,
  type HeldApproval,
  headerCode,
  type LastHeader,
  learnHeader,
  makeLastHeader,
  putHeader,
  readApprovals,
  type Validity,
} from "./header-fields.ts";
import { parseJson } from "./json.ts";
import { ENTITY_ID_BYTES_MAX } from "./layout.ts";
import { type Names, namesInCarried, nameText } from "./named.ts";
import { type ActionPlan, FOREIGN } from "./plan.ts";
import { isNothingInherited, isSameHeader, putQuick } from "./quick.ts";
import { requestJson, SNAPSHOT_DEPTH } from "./request.ts";
import { putNumber } from "./scalars.ts";
import { learnAll } from "./steps.ts";
import { putUsual } from "./usual.ts";
import { collect, makeTarget, putField, putText, type Target } from "./writers.ts";

const MAGIC = 0x464c4f50;
const HEADER_BYTES = 160;
const APPROVAL_BYTES = 64;

/** Everything that encoding needs besides the request. */
export interface FrameWriter {
  readonly target: Target;
  /** Fields that the evaluator does not read are written here: they must be right, but go nowhere. */
  readonly scratch: Target;
  /** 8 bytes each. */
  readonly layoutTag: Uint8Array;
  readonly factsTag: Uint8Array;
  readonly entityNumbers: ReadonlyMap<string, number>;
  readonly sha256: Sha256;
  /** What headers say about the policy is narrowed to this. */
  readonly validity: Validity;
  readonly last: LastHeader;
  /** What `close` wrote last for a frame without approvals: most often it is the same again. */
  lastPlan: ActionPlan | null;
  lastNext: number;
  /** The last frame had approvals, and with them a digest that the next must not show. */
  hasDigest: boolean;
  /**
   * An approver's type is unknown to the policy, so no frame can name him. That he is not in the facts is the
   * last check of all: whoever asked must answer `entity.unknown` in the place of whatever rules say.
   */
  hasUnknownApprover: boolean;
}

type Shared = Pick<FrameWriter, "layoutTag" | "factsTag" | "entityNumbers" | "sha256"> & {
  /** Left out: always. */
  readonly validity?: Validity | undefined;
};

/** Writes what is the same in every frame. `target` covers the frame's region. */
export function openFrame(target: Target, shared: Shared): FrameWriter {
  const scratch = makeTarget(new ArrayBuffer(SCRATCH_BYTES), 0, SCRATCH_BYTES, true);
  writeConstants(target, shared);
  return {
    target,
    scratch,
    layoutTag: shared.layoutTag,
    factsTag: shared.factsTag,
    entityNumbers: shared.entityNumbers,
    sha256: shared.sha256,
    validity: shared.validity ?? ALWAYS,
    last: makeLastHeader(target.words, target.base),
    lastPlan: null,
    lastNext: 0,
    hasDigest: false,
    hasUnknownApprover: false,
  };
}

const SCRATCH_BYTES = 1 << 16;

function writeConstants(target: Target, { layoutTag, factsTag }: Shared): void {
  const { bytes, words, base } = target;
  bytes.fill(0, base, base + HEADER_BYTES);
  words[base >> 2] = MAGIC;
  words[(base >> 2) + 1] = HEADER_BYTES;
  bytes.set(layoutTag, base + 16);
  bytes.set(factsTag, base + 24);
}

/** Of a request of which an evaluator sees a part, since another member of its policy set has the rest. */
export interface WholeRequest {
  /** 32 bytes. */
  readonly digest: Uint8Array;
  /** Whom its fields name. */
  readonly names: () => Names;
}

/**
 * Writes the frame, which then reaches from `target.base` to `target.next`; or answers the code of the first
 * thing that is wrong, in the order of docs/abi.md. Never throws, whatever the request does. `whole`: the
 * request, where `fields` are not all of it.
 */
export function encodeFrame(
  writer: FrameWriter,
  plan: ActionPlan,
  fields: unknown,
  header: Header,
  entities?: unknown,
  whole: WholeRequest | null = null,
): InputCode | null {
  const isTried = entities === undefined && plan.usual !== null;
  if (isTried && writeQuick(writer, plan, fields, header)) return null;
  return encodeLong(writer, plan, fields, header, entities, whole);
}

/** After a request that was not as usual, so many others are not tried. */
const REST = 16;

/**
 * The shortest way for actions of usual fields and requests that carry nothing. False: something is
 * otherwise, and `encodeFrame` will tell. Never throws.
 */
export function writeQuick(writer: FrameWriter, plan: ActionPlan, fields: unknown, header: Header): boolean {
  const steps = plan.usual!;
  if (steps.rest > 0) {
    steps.rest -= 1;
    return false;
  }
  const { target, last } = writer;
  const { base } = target;
  const from = base + HEADER_BYTES + plan.bytes;
  try {
    if (header !== last.frozen || !isNothingInherited()) {
      if (isSameHeader(header, last)) learnHeader(header, last);
      else if (!putOther(writer, header)) return false;
    }
    if (plan !== writer.lastPlan || writer.hasUnknownApprover) {
      // Of an action with the same fields only the number differs.
      if (!writer.hasUnknownApprover && writer.lastPlan?.usual === steps) {
        target.words[(base >> 2) + 3] = plan.index;
        writer.lastPlan = plan;
      } else begin(writer, plan);
    }
    const { write } = steps;
    const start = base + HEADER_BYTES;
    const end =
      write === null
        ? putQuick(target, steps, start, from, fields)
        : write(target, steps, start, from, fields);
    if (end > 0) {
      const { words } = target;
      words[(base >> 2) + 2] = end - base;
      words[(base >> 2) + 37] = end - from;
      writer.lastNext = end;
      target.next = end;
      return true;
    }
  } catch {
    // A getter or a proxy threw; it is asked once more, and what it does then counts.
  }
  steps.rest = REST;
  // What a request said must not outlive it.
  steps.waiting.fill(undefined);
  return false;
}

function putOther({ target, last, validity }: FrameWriter, header: Header): boolean {
  const { approvals } = header;
  const isWithout = Array.isArray(approvals) && approvals.length === 0;
  return isWithout && putHeader(target.words, target.base, header, last, validity);
}

/** An empty frame of this action. */
function begin(writer: FrameWriter, plan: ActionPlan): void {
  const { target } = writer;
  if (writer.hasDigest) clearDigest(writer);
  writer.hasUnknownApprover = false;
  const start = target.base + HEADER_BYTES;
  const { words } = target;
  const to = (start + plan.bytes) >> 2;
  // By hand: for the few words that most actions have, calling the engine takes longer.
  for (let word = start >> 2; word < to; word += 1) words[word] = 0;
  target.next = start + plan.bytes;
  close(writer, plan, 0, NONE_CARRIED);
}

function encodeLong(
  writer: FrameWriter,
  plan: ActionPlan,
  fields: unknown,
  header: Header,
  entities: unknown,
  whole: WholeRequest | null,
): InputCode | null {
  const { target } = writer;
  writer.hasUnknownApprover = false;
  target.isFull = false;
  let isWritten = false;
  try {
    const { approvals } = header;
    if (entities === undefined && Array.isArray(approvals) && approvals.length === 0) {
      if (writer.hasDigest) clearDigest(writer);
      target.next = target.base + HEADER_BYTES + plan.bytes;
      isWritten =
        putRequest(writer, plan, fields) &&
        putHeader(target.words, target.base, header, writer.last, writer.validity);
    } else {
      return encodeExact(writer, plan, fields, header, entities, whole);
    }
  } catch {
    // A getter or a proxy threw; the exact reading below calls no getter.
  }
  if (!isWritten) {
    forget(plan);
    writer.lastPlan = null;
    return refusal(writer, plan, fields, header, entities);
  }
  if (plan !== writer.lastPlan || target.next !== writer.lastNext) close(writer, plan, 0, NONE_CARRIED);
  return null;
}

/** What was collected before something went wrong must not stand in for what the next request says. */
function forget({ values, usual }: ActionPlan): void {
  values.fill(undefined);
  usual?.waiting.fill(undefined);
}

function close(writer: FrameWriter, plan: ActionPlan, approvals: number, carried: Carried): void {
  const { words, base, next } = writer.target;
  const word = base >> 2;
  words[word + 2] = next - base;
  words[word + 3] = plan.index;
  words[word + 22] = approvals;
  words[word + 23] = carried.entities.length;
  words[word + 36] = plan.bytes;
  words[word + 37] = next - base - HEADER_BYTES - plan.bytes - approvals * APPROVAL_BYTES - carried.bytes;
  writer.lastPlan = approvals === 0 && carried.bytes === 0 ? plan : null;
  writer.lastNext = next;
}

function putRequest(writer: FrameWriter, plan: ActionPlan, fields: unknown): boolean {
  const { target } = writer;
  const { values, nodes, offsets } = plan;
  const start = target.base + HEADER_BYTES;
  if (plan.usual !== null && plan.usual.unread.length === 0)
    return putUsual(target, plan.usual, start, fields);
  let isGood = collect(plan, fields, values);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    // What a request said must not outlive it.
    values[index] = undefined;
    if (!isGood) continue;
    const offset = offsets[index]!;
    if (offset >= 0) isGood = putField(target, nodes[index]!, start + offset, value);
    else isGood = isUnreadGood(writer, plan, index, value);
  }
  if (isGood && plan.usual !== null) learnAll(plan.usual, plan.seenNames);
  return isGood;
}

function isUnreadGood({ scratch }: FrameWriter, plan: ActionPlan, index: number, value: unknown): boolean {
  const node = plan.nodes[index]!;
  scratch.next = node.bytes;
  scratch.isFull = false;
  if (node.bytes <= SCRATCH_BYTES && putField(scratch, node, 0, value)) return true;
  if (node.bytes <= SCRATCH_BYTES && !scratch.isFull) return false;
  // Too large for the scratch room, but perhaps not for the policy.
  return canonicalFields(single(plan, index), { value }).ok;
}

function single(plan: ActionPlan, index: number): Parameters<typeof canonicalFields>[0] {
  const nodes = [plan.nodes[index]!];
  return { ...plan, names: ["value"], nodes, indexes: new Map([["value", 0]]) };
}

/** Fields before entities, then the header, then approvals, and what has no room at last. */
function refusal(
  writer: FrameWriter,
  plan: ActionPlan,
  fields: unknown,
  header: unknown,
  entities: unknown,
): InputCode {
  const result = canonicalFields(plan, fields);
  if (!result.ok) return result.code;
  const carried = canonicalCarried(plan.carried, entities);
  if (!carried.ok) return carried.code;
  const code = headerCode(header);
  if (code !== null) return code;
  try {
    const approvals = readApprovals((header as Header).approvals, writer.entityNumbers);
    if (typeof approvals === "string") return approvals;
  } catch {
    return "input.invalid";
  }
  return writer.target.isFull ? "input.too_large" : "input.invalid";
}

/**
 * With approvals the digest must be of exactly what is judged, so the request is read once, into its
 * canonical JSON, and the frame is made from that; so is one that carries entities.
 */
function encodeExact(
  writer: FrameWriter,
  plan: ActionPlan,
  fields: unknown,
  header: Header,
  entities: unknown,
  whole: WholeRequest | null,
): InputCode | null {
  const { target, sha256 } = writer;
  const { approvals: raw } = header;
  const result = canonicalFields(plan, fields);
  if (!result.ok) return result.code;
  const carried = canonicalCarried(plan.carried, entities);
  if (!carried.ok) return carried.code;
  const code = headerCode(header);
  if (code !== null) return code;
  const approvals = readApprovals(raw, writer.entityNumbers);
  if (typeof approvals === "string") return approvals;
  const known = approvals.length === 0 ? approvals : knownApprovals(approvals, carried, whole);
  writer.hasUnknownApprover = approvals.some(({ type }) => type < 0 && type !== FOREIGN);
  const snapshot = parseJson(result.json, { depthMax: SNAPSHOT_DEPTH });
  const at = target.base + HEADER_BYTES + plan.bytes;
  const carriedAt = at + known.length * APPROVAL_BYTES;
  target.next = carriedAt + carried.bytes;
  if (target.next > target.end) return "input.too_large";
  const isWritten =
    snapshot.ok &&
    putRequest(writer, plan, snapshot.value) &&
    putHeader(target.words, target.base, header, writer.last, writer.validity) &&
    putApprovals(target, at, known) &&
    putCarried(target, carriedAt, carried.entities, writer.entityNumbers);
  if (!isWritten) {
    forget(plan);
    writer.lastPlan = null;
    return target.isFull ? "input.too_large" : "input.invalid";
  }
  if (known.length > 0) {
    const own = () => sha256(utf8(requestJson(plan.action, result.json, carried.json)));
    target.bytes.set(whole?.digest ?? own(), target.base + 112);
    writer.hasDigest = true;
  } else if (writer.hasDigest) clearDigest(writer);
  close(writer, plan, known.length, carried);
  return null;
}

/**
 * Those that the evaluator can judge. Whom the request names somewhere where it does not look has approved
 * nothing: it would count him.
 */
function knownApprovals(
  approvals: readonly HeldApproval[],
  { foreign }: Carried,
  whole: WholeRequest | null,
): readonly HeldApproval[] {
  const unseen = [namesInCarried(foreign), ...(whole === null ? [] : [whole.names()])];
  return approvals.filter(({ type, typeName, id }) => {
    return type >= 0 && !unseen.some((names) => names.has(nameText(typeName, id)));
  });
}

function putApprovals(target: Target, start: number, approvals: readonly HeldApproval[]): boolean {
  let at = start;
  for (const approval of approvals) {
    target.words[at >> 2] = approval.type;
    target.words[(at >> 2) + 1] = 0;
    if (!putText(target, at + 8, approval.id, ENTITY_ID_BYTES_MAX)) return false;
    putNumber(target.words, at + 16, approval.askedAt);
    putNumber(target.words, at + 24, approval.givenAt);
    target.bytes.set(approval.digest, at + 32);
    at += APPROVAL_BYTES;
  }
  return true;
}

function clearDigest(writer: FrameWriter): void {
  const { bytes, base } = writer.target;
  bytes.fill(0, base + 112, base + 144);
  writer.hasDigest = false;
}
