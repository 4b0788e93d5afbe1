/** Mail addresses. */
import { readName } from "./hosts.ts";

export interface Email {
  /** In the case that it was written in. */
  readonly local: string;
  readonly domain: string;
}

/** (spec 4.7.11) */
export function readEmail(text: string): Email | undefined {
  const [local = "", written, ...more] = text.split("@");
  if (written === undefined || more.length > 0 || local.length > 64) return undefined;
  const domain = readName(written);
  const isAtoms = local.split(".").every((atom) => /^[A-Za-z0-9#$&'*+/=?^_`{|}~-]+$/.test(atom));
  if (domain === undefined || !isAtoms) return undefined;
  return local.length + 1 + domain.length > 254 ? undefined : { local, domain };
}
