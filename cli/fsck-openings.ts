/** Openings, as fsck looks at them beside the entries. */
import { openOpeningsCheck } from "@polity/lineage/file-store/check-openings.ts";
import type { OpeningsCheck } from "@polity/lineage/file-store/verify-openings.ts";
import type { Finding } from "@polity/lineage/finding.ts";
import type { ReadEntry } from "@polity/lineage/read-entries.ts";
import { LogError } from "@polity/lineage/store.ts";

export interface OpeningsWalk {
  readonly add: (read: ReadEntry) => Promise<void>;
  /** What is worth a note. */
  readonly end: () => Promise<string[]>;
  /** Openings that open what their entries commit to. */
  readonly found: () => number;
}

/** Stops at the first opening that is wrong: of what lies behind it nobody can say whose it is. */
export async function walkOpenings(
  dir: string,
  origin: string,
  onFinding: (finding: Finding) => void,
): Promise<OpeningsWalk> {
  let check: OpeningsCheck | null = null;
  let found = 0;
  const guarded = async (task: () => Promise<void>) => {
    try {
      await task();
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      check = null;
      onFinding(findingOf(error));
    }
  };
  await guarded(async () => {
    check = await openOpeningsCheck(dir, origin);
  });
  return {
    found: () => found,
    add: ({ entry, index }) =>
      guarded(async () => {
        await check?.expectOpens(entry, index);
        found = check?.found() ?? found;
      }),
    end: async () => {
      const notes: string[] = [];
      await guarded(async () => {
        const ahead = await check?.expectEnd();
        if (ahead) notes.push(ahead);
      });
      return notes;
    },
  };
}

function findingOf({ code, message, file, offset, index }: LogError): Finding {
  // The place stands before the message already, and has a column of its own here.
  const at = file === null ? -1 : message.indexOf(": ");
  return { code, message: at === -1 ? message : message.slice(at + 2), file, offset, index };
}
