/** What a dropped file is, by what is in it: names can be anything. */

export type FileRole = "proof" | "record" | "opening" | "consistency" | "evidence" | "trust" | "root";

/** Beyond any of these files; an opening is the largest. */
export const FILE_BYTES_MAX = 40 * 1024 * 1024;

/** Null for what is none of them. */
export function roleOf(bytes: Uint8Array): FileRole | null {
  const start = new TextDecoder().decode(bytes.subarray(0, 4096));
  if (start.startsWith("c2sp.org/tlog-proof@")) return "proof";
  if (start.startsWith("polity-fork@")) return "evidence";
  if (/^old [0-9]+\n/.test(start)) return "consistency";
  if (start.startsWith('{"request":') && start.includes('"salt"')) return "opening";
  if (start.startsWith('{"request":') && bytes.length > 4096) return "opening";
  // An envelope: of those, a trust root alone is of use here.
  if (start.startsWith('{"payload":"')) return "root";
  if (start.startsWith("{")) return "record";
  const isTrust =
    start.startsWith("-----BEGIN PUBLIC KEY-----") || /^\s*(?:#|log |witness |group |quorum )/.test(start);
  return isTrust || /^[^\s+]+\+[0-9a-f]{8}\+/.test(start) ? "trust" : null;
}
