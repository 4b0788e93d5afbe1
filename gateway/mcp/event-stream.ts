/** Events of a server (HTML, "Server-sent events"): only what carries messages, each of bounded length. */

export interface EventReader {
  /** The data of events that are whole now; null where one is too long, and then for ever. */
  readonly push: (chunk: Uint8Array) => readonly Uint8Array[] | null;
  /** Bytes of an event that has no end yet. */
  readonly rest: () => number;
  /** Of the last event that had one: what the stream can be resumed by. */
  readonly lastId: () => string | null;
  /** After how long the server wants to be asked again, in milliseconds. */
  readonly retryMs: () => number | null;
}

const LINE_END = 0x0a;
const RETURN = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
/** It goes back to the server in a header. */
const ID = /^[\x21-\x7e]{1,1024}$/;
const RETRY = /^[0-9]{1,9}$/;
const LATIN = new TextDecoder("latin1");

/** What an event is made of until it ends. */
interface Draft {
  data: Uint8Array[];
  bytes: number;
  id: string | null;
  type: string;
}

const newDraft = (): Draft => ({ data: [], bytes: 0, id: null, type: "" });

export function readEvents(bytesMax: number): EventReader {
  let draft = newDraft();
  let parts: Uint8Array[] = [];
  let lineBytes = 0;
  let afterReturn = false;
  let isOver = false;
  let lastId: string | null = null;
  let retryMs: number | null = null;

  /** The data of an event that ends with this line; null where none does. */
  function take(line: Uint8Array): Uint8Array | null {
    if (line.length > 0) {
      const retry = readField(draft, line);
      if (retry !== null) retryMs = retry;
      return null;
    }
    const { data, id, type } = draft;
    draft = newDraft();
    if (id !== null) lastId = id;
    const whole = joined(data, LINE_END);
    return whole.length === 0 || (type !== "" && type !== "message") ? null : whole;
  }

  function push(chunk: Uint8Array): readonly Uint8Array[] | null {
    const events: Uint8Array[] = [];
    let from = afterReturn && chunk[0] === LINE_END ? 1 : 0;
    if (chunk.length > 0) afterReturn = false;
    let nextReturn = chunk.indexOf(RETURN, from);
    while (!isOver) {
      if (nextReturn >= 0 && nextReturn < from) nextReturn = chunk.indexOf(RETURN, from);
      const nextEnd = chunk.indexOf(LINE_END, from);
      const isReturn = nextReturn >= 0 && (nextEnd < 0 || nextReturn < nextEnd);
      const end = isReturn ? nextReturn : nextEnd;
      const piece = chunk.subarray(from, end < 0 ? chunk.length : end);
      lineBytes += piece.length;
      if (lineBytes + draft.bytes > bytesMax) break;
      if (end < 0) {
        if (piece.length > 0) parts.push(piece.slice());
        return events;
      }
      const event = take(joined([...parts, piece], null));
      if (event !== null) events.push(event);
      parts = [];
      lineBytes = 0;
      from = end + 1;
      if (!isReturn) continue;
      if (from === chunk.length) afterReturn = true;
      else if (chunk[from] === LINE_END) from += 1;
    }
    isOver = true;
    parts = [];
    draft = newDraft();
    return null;
  }

  return { push, rest: () => lineBytes + draft.bytes, lastId: () => lastId, retryMs: () => retryMs };
}

/** Milliseconds where the field is `retry`, else null. */
function readField(draft: Draft, line: Uint8Array): number | null {
  const colon = line.indexOf(COLON);
  const name = LATIN.decode(line.subarray(0, Math.min(colon < 0 ? line.length : colon, 8)));
  const start = colon < 0 ? line.length : colon + (line[colon + 1] === SPACE ? 2 : 1);
  const value = line.subarray(start);
  if (name === "data") {
    // A line without a byte is one, too.
    draft.data.push(value);
    draft.bytes += value.length + 1;
  } else if (name === "event") draft.type = LATIN.decode(value.subarray(0, 64));
  else if (name === "id" || name === "retry") {
    const text = LATIN.decode(value.subarray(0, 1_025));
    if (name === "id" && ID.test(text)) draft.id = text;
    if (name === "retry" && RETRY.test(text)) return Number(text);
  }
  return null;
}

function joined(parts: readonly Uint8Array[], between: number | null): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const gaps = between === null ? 0 : Math.max(0, parts.length - 1);
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, gaps));
  let at = 0;
  for (const [nth, part] of parts.entries()) {
    if (nth > 0 && between !== null) {
      whole[at] = between;
      at += 1;
    }
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
