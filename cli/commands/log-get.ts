import { digestName } from "@polity/runtime/hash.ts";
import { EXIT } from "../failure.ts";
import { askedEntry } from "../find-entry.ts";
import type { Invocation } from "../invocation.ts";
import { withPublished } from "../published-log.ts";
import { nameOf } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { entryJson } from "../render-entry.ts";
import { tellNote } from "../tell.ts";
import { printLine, write } from "../terminal.ts";

/** Without `--json` the entry goes out as it was logged, byte for byte. */
export function run(invocation: Invocation): Promise<number> {
  const json = invocation.switches.has("json");
  return withPublished(invocation, async (log, place) => {
    const found = await askedEntry(invocation, place, log);
    if ("code" in found) return answerNo(`log ${nameOf(place.name)}`, found, json);
    const { origin, size } = log.checkpoint;
    if (json) {
      const about = { ok: true, origin, size, verified: log.isVerified };
      await printLine(`${JSON.stringify(about).slice(0, -1)},${entryJson(found).slice(1)}`);
      return EXIT.done;
    }
    await write(found.bytes);
    await write("\n");
    const what = `entry ${found.index} of ${size} in ${origin}, leaf ${digestName(found.leaf)}`;
    await tellNote(log.isVerified ? `${what}: verified` : `${what}; no --key, so no signature was checked`);
    return EXIT.done;
  });
}
