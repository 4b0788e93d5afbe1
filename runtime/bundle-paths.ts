/**
 * What may be in a bundle, by path: names that mean one file on every system, so that no path leads out of a
 * folder and no two of them meet in one place.
 */
import { MEMBER_NAME } from "./set-agreement.ts";

/** The signed set manifest: the one file that it cannot list itself. */
export const MANIFEST_PATH = "set.dsse.json";
/** The same before anybody has signed it. */
export const STATEMENT_PATH = "set.statement.json";
/** The snapshot for all members, entities, tables and settings together. */
export const FACTS_PATH = "facts.json";
/** Who vouches for the snapshot. */
export const FACTS_ENVELOPE_PATH = "facts.dsse.json";

const PATH_CHARACTERS_MAX = 255;
/** With the manifest. */
export const BUNDLE_FILES_MAX = 1_024;
/** Of one file; what the host loads has limits of its own. */
export const BUNDLED_BYTES_MAX = 64 * 1024 * 1024;
/** Of all files together. */
export const BUNDLE_BYTES_MAX = 256 * 1024 * 1024;

/** As paths of imports have them: ASCII, no step upwards, nothing hidden. */
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/;
/** What Windows takes for a device, whatever ending it has. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;

export function evaluatorPath(member: string): string {
  return `evaluators/${member}.wasm`;
}

/** `file` as a program has it: `types.pol`, `shared/types.pol`, and `std/http` for one of the library. */
export function sourcePath(file: string): string {
  return file.startsWith("std/") && !file.endsWith(".pol") ? `${file}.pol` : `sources/${file}`;
}

/** What `sourcePath` made it of; null for a path that is no source. */
export function sourceFile(path: string): string | null {
  if (path.startsWith("sources/")) return path.slice("sources/".length);
  return /^std\/[a-z]+\.pol$/.test(path) ? path.slice(0, -".pol".length) : null;
}

/** Why a path cannot be in a bundle; null where it can. */
export function pathProblem(path: string): string | null {
  if (path.length > PATH_CHARACTERS_MAX) return `more than ${PATH_CHARACTERS_MAX} characters`;
  for (const segment of path.split("/")) {
    if (!SEGMENT.test(segment)) return "not of letters, digits, `_`, `-` and `.`, with `/` between folders";
    if (segment.endsWith(".") || DEVICE.test(segment)) return "not a name on every system";
  }
  return hasPlace(path) ? null : "no place that a bundle has";
}

const TOP: readonly string[] = [MANIFEST_PATH, STATEMENT_PATH, FACTS_PATH, FACTS_ENVELOPE_PATH];

function hasPlace(path: string): boolean {
  if (TOP.includes(path)) return true;
  const member = /^evaluators\/(.*)\.wasm$/.exec(path)?.[1];
  if (member !== undefined) return MEMBER_NAME.test(member);
  return /^(?:sources\/.+|std\/[a-z]+)\.pol$/.test(path);
}

/** The first two paths that some system takes for one, or of which one is a folder of the other. */
export function meetingPaths(paths: readonly string[]): readonly [string, string] | null {
  const known = new Map<string, string>();
  for (const path of paths) {
    const lower = path.toLowerCase();
    const other = known.get(lower);
    if (other !== undefined) return [other, path];
    known.set(lower, path);
  }
  for (const [lower, path] of known) {
    for (let at = lower.indexOf("/"); at !== -1; at = lower.indexOf("/", at + 1)) {
      const above = known.get(lower.slice(0, at));
      if (above !== undefined) return [above, path];
    }
  }
  return null;
}
