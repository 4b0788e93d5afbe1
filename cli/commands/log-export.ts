import type { TileLog } from "@polity/lineage/open-tiles.ts";
import { readEntries } from "@polity/lineage/read-entries.ts";
import { countOption } from "../count-option.ts";
import { EXPORT_FORMATS, type ExportFormat, exportLine } from "../export-formats.ts";
import { openRequests, type RequestOf, requestOptions } from "../export-requests.ts";
import { EXIT } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { outputOption, STANDARD_OUTPUT } from "../output-option.ts";
import { startProgress } from "../progress.ts";
import { withPublished } from "../published-log.ts";
import { nameOf } from "../read-file.ts";
import { tellNote } from "../tell.ts";
import { printLine, write } from "../terminal.ts";
import { plural, visible } from "../words.ts";
import { writePieces } from "../write-file.ts";

/** What requests say is their owner's alone. */
const OWN_MODE = 0o600;
/** Lines are handed on in pieces of about this many characters. */
const PIECE = 64 * 1024;

interface Exported {
  readonly written: number;
  /** Entries that the format has no shape for. */
  readonly left: number;
}

export function run(invocation: Invocation): Promise<number> {
  const { command, values, switches } = invocation;
  const format = EXPORT_FORMATS.find((known) => known === (values.get("format") ?? "jsonl"))!;
  const [from, to] = [countOption(invocation, "from", 0) ?? 0, countOption(invocation, "to", 0)];
  if (to !== null && to < from) throw usage(command, `--to ${to} is before --from ${from}`);
  const output = outputOption(invocation, STANDARD_OUTPUT, []);
  const json = switches.has("json");
  const requests = requestOptions(invocation);
  if (json && output === STANDARD_OUTPUT) throw usage(command, "with --json, -o says where the entries go");
  return withPublished(invocation, async (log, place) => {
    const { origin, size } = log.checkpoint;
    const end = Math.min(to ?? size, size);
    const requestOf = requests && (await openRequests(invocation, place, requests));
    const progress = startProgress(`exporting ${nameOf(place.name)}`);
    let done: Exported;
    try {
      const lines = linesOf(log, { format, from, end, requestOf, step: progress.step });
      done =
        output === STANDARD_OUTPUT
          ? await inPieces(lines, write)
          : await writePieces(output, (put) => inPieces(lines, put), requestOf === null ? 0o666 : OWN_MODE);
    } finally {
      await progress.stop();
    }
    if (json) {
      const about = { ok: true, origin, size, from, to: end, format, verified: log.isVerified };
      await printLine(JSON.stringify({ ...about, ...done, output }));
      return EXIT.done;
    }
    const left =
      done.left === 0
        ? ""
        : `; ${plural(done.left, "entry is no decision", "entries are no decisions")}, and left out`;
    const signed = log.isVerified ? "" : "; no --key, so no signature was checked";
    const where = output === STANDARD_OUTPUT ? "" : ` to ${visible(output)}`;
    await tellNote(`${plural(done.written, "entry", "entries")} of ${origin}${where}${left}${signed}`);
    return EXIT.done;
  });
}

interface Range {
  readonly format: ExportFormat;
  readonly from: number;
  readonly end: number;
  readonly requestOf: RequestOf | null;
  readonly step: () => void;
}

/** A line for each entry; null for those that are left out. */
async function* linesOf(
  log: TileLog,
  { format, from, end, requestOf, step }: Range,
): AsyncGenerator<string | null> {
  if (from >= end) return;
  for await (const read of readEntries(log.tree, from, end)) {
    const request = requestOf && (await requestOf(read));
    yield exportLine(format, log.checkpoint.origin, read, request);
    step();
  }
}

async function inPieces(
  lines: AsyncIterable<string | null>,
  put: (piece: string) => Promise<void>,
): Promise<Exported> {
  let [piece, written, left] = ["", 0, 0];
  for await (const line of lines) {
    if (line === null) {
      left += 1;
      continue;
    }
    written += 1;
    piece += `${line}\n`;
    if (piece.length < PIECE) continue;
    await put(piece);
    piece = "";
  }
  if (piece !== "") await put(piece);
  return { written, left };
}
