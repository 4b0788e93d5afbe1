/** The openings of a log's folder, for whoever goes through its entries. */
import { nodeDisk } from "./disk.ts";
import { segmentFirsts } from "./segment-read.ts";
import { makeOpeningsCheck, type OpeningsCheck } from "./verify-openings.ts";

/** To be asked with each entry, in order. Rejects with a `LogError`. */
export async function openOpeningsCheck(dir: string, origin: string): Promise<OpeningsCheck> {
  return makeOpeningsCheck(nodeDisk, dir, origin, await segmentFirsts(nodeDisk, dir, "requests"));
}
