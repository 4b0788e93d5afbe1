import type { TileLog } from "@polity/lineage/open-tiles.ts";
import { encodeBase64 } from "@polity/runtime/base64.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { countOption } from "../count-option.ts";
import { EXIT } from "../failure.ts";
import { answerContradiction, contradictionOf } from "../history.ts";
import { type Invocation, usage } from "../invocation.ts";
import { outputOption, STANDARD_OUTPUT } from "../output-option.ts";
import { readKept, withPublished } from "../published-log.ts";
import { nameOf } from "../read-file.ts";
import { answerNo, type Refusal } from "../refusal.ts";
import { columns } from "../table.ts";
import { printLine, write } from "../terminal.ts";
import { plural, visible } from "../words.ts";
import { writeWhole } from "../write-file.ts";

/** The proof is the body that witnesses take (C2SP tlog-witness, add-checkpoint). */
export async function run(invocation: Invocation): Promise<number> {
  const { command, values, switches } = invocation;
  const from = countOption(invocation, "from", 0);
  const since = values.get("since");
  if ((from === null) === (since === undefined)) {
    throw usage(
      command,
      from === null ? "--from or --since is missing" : "--from and --since exclude each other",
    );
  }
  const json = switches.has("json");
  const output = values.has("output")
    ? outputOption(invocation, "", since === undefined ? [] : [since])
    : null;
  return withPublished(invocation, async (log, place, options) => {
    const name = `log ${nameOf(place.name)}`;
    if (since !== undefined) {
      const kept = await readKept(since, { ...options, origin: log.checkpoint.origin });
      const contradiction = await contradictionOf(kept, log);
      if (contradiction !== null) return answerContradiction(place.name, contradiction, json);
      return tell(log, kept.checkpoint.size, output, json);
    }
    const { size } = log.checkpoint;
    if (from! > size) return answerNo(name, beyond(from!, size), json);
    return tell(log, from!, output, json);
  });
}

function beyond(from: number, size: number): Refusal {
  const entries = plural(size, "entry", "entries");
  const message = `there is no proof from ${from}: the log has signed for ${entries}`;
  return { ok: false, code: "log.no_entry", message, hint: null };
}

async function tell(log: TileLog, from: number, output: string | null, json: boolean): Promise<number> {
  const { origin, size, root } = log.checkpoint;
  const hashes = (await log.tree.consistencyProof(from)).map(encodeBase64);
  const earlier = digestName(await log.tree.rootAt(from));
  const body = `${[`old ${from}`, ...hashes].join("\n")}\n\n${log.note}`;
  if (output === STANDARD_OUTPUT) {
    await write(body);
    return EXIT.done;
  }
  if (output !== null) writeWhole(output, body);
  if (json) {
    const sizes = { from, to: size, fromRoot: earlier, toRoot: digestName(root) };
    await printLine(JSON.stringify({ ok: true, origin, ...sizes, proof: hashes, output }));
    return EXIT.done;
  }
  const rows = [
    ["log", origin],
    ["from", `${from} under ${earlier}`],
    ["to", `${size} under ${digestName(root)}`],
    ...hashes.map((hash, at) => [at === 0 ? "proof" : "", hash]),
    ...(output === null ? [] : [["written", visible(output)]]),
  ];
  await write(
    columns(rows)
      .map((line) => `${line}\n`)
      .join(""),
  );
  return EXIT.done;
}
