/** Requests beside the entries that are exported: of the writer's own folder, which has what opens them. */
import { checkOpening, eraseFields } from "@polity/lineage/commitment.ts";
import { readOpenings } from "@polity/lineage/file-store/read-openings.ts";
import type { ReadEntry } from "@polity/lineage/read-entries.ts";
import { LogError } from "@polity/lineage/store.ts";
import type { ShownRequest } from "./export-formats.ts";
import { type Invocation, usage } from "./invocation.ts";
import { isWritersOwn, type Place } from "./published-log.ts";

/** To be called with ascending entries, one at a time; null where nothing opens the request. */
export type RequestOf = (read: ReadEntry) => Promise<ShownRequest | null>;

export interface RequestOptions {
  readonly withSensitive: boolean;
}

/** Null where no requests are asked for. */
export function requestOptions({ command, switches, values }: Invocation): RequestOptions | null {
  const withSensitive = switches.has("with-sensitive");
  if (switches.has("with-requests")) {
    if (values.get("format") === "opa") return { withSensitive };
    throw usage(
      command,
      "--with-requests is about --format opa: the other formats are the entries themselves",
    );
  }
  if (withSensitive) throw usage(command, "--with-sensitive says nothing without --with-requests");
  return null;
}

/** Fails where the place has no requests; what is found is checked against its commitment. */
export async function openRequests(
  { command }: Invocation,
  { dir }: Place,
  { withSensitive }: RequestOptions,
): Promise<RequestOf> {
  if (dir === null || !isWritersOwn(dir)) {
    throw usage(command, "--with-requests needs the writer's own folder: no request is published");
  }
  const next = await readOpenings(dir);
  return async ({ index, entry }) => {
    const commitment = entry.kind === "decision" ? entry.request : null;
    if (commitment === null) return null;
    const opening = await next(index);
    if (opening === null) return null;
    const hidden = withSensitive ? [] : opening.sensitive.map(({ pointer }) => pointer);
    const checked = checkOpening(commitment, eraseFields(opening, hidden));
    if (checked.ok) return { input: JSON.parse(checked.request) as unknown, masked: checked.erased };
    const message = `what should open the request does not: ${checked.message}: restore it from a copy`;
    throw new LogError("log.opening_mismatch", message, { index });
  };
}
