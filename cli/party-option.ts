/** Who is meant on a command line: `Agent::a1`, or with quotes as policies write it. */
import type { Party } from "@polity/lineage/entry.ts";
import { type Invocation, usage } from "./invocation.ts";
import { quoted } from "./words.ts";

export function partyOf({ command }: Invocation, text: string): Party {
  const [, type = "", quotedId, id = quotedId ?? ""] =
    /^([A-Za-z_][A-Za-z0-9_]*)::(?:"([^"]*)"|([^"]+))$/.exec(text) ?? [];
  if (type !== "" && id !== "") return { type, id };
  throw usage(command, `${quoted(text)} is nobody`, "an agent is like Agent::a1");
}
