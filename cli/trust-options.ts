/** The rows of commands that take a trust root in the place of a key. */
import { type Option, withValue } from "./command.ts";

export const TRUST_DETAILS: readonly Option[] = [
  withValue("pin", "DIGEST", "with --trust: what the digest of its first version must be"),
  withValue("now", "TIME", "with --trust: when, RFC 3339 with Z (default: now)"),
];

export const TRUST_OPTIONS: readonly Option[] = [
  withValue("trust", "PATH", "a trust root instead of --key: a file, or a folder with its versions"),
  ...TRUST_DETAILS,
];
