/**
 * Shaped text in its canonical form, as docs/spec.md 4.7 has it. The evaluator reads what it judges itself;
 * this is for facts before they are loaded, for what is executed afterwards, and for literals.
 */
import { canonicalCidr, canonicalIp, isIpv4 } from "./address.ts";
import { canonicalImage } from "./image.ts";
import type { Shape } from "./layout.ts";
import { unreachable } from "./unreachable.ts";
import { canonicalUrl } from "./url.ts";

/** Null where the text has not this shape. */
export function canonicalShape(shape: Shape, text: string): string | null {
  // Visible ASCII: what follows may fold letters without meeting one that folds into ASCII.
  if (!/^[!-~]+$/.test(text)) return null;
  switch (shape) {
    case "url":
      return canonicalUrl(text, canonicalHost);
    case "email":
      return canonicalEmail(text);
    case "image":
      return canonicalImage(text, canonicalHost);
    case "host":
      return canonicalHost(text);
    case "host_pattern": {
      const [, stars, name] = /^(\*\*?\.)?(.*)$/.exec(text)!;
      if (stars === undefined) return canonicalHost(text);
      const folded = canonicalName(name!);
      return folded === null ? null : stars + folded;
    }
    case "ip":
      return canonicalIp(text);
    case "cidr":
      return canonicalCidr(text);
    default:
      return unreachable(shape);
  }
}

/** A name, an IPv4 address or an IPv6 address in brackets, which is not one of IPv4 in disguise. */
function canonicalHost(text: string): string | null {
  if (!text.startsWith("[")) return isIpv4(text) ? text : canonicalName(text);
  const address = text.endsWith("]") ? canonicalIp(text.slice(1, -1)) : null;
  return address?.includes(":") ? `[${address}]` : null;
}

const NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
/** What other readers take for an IPv4 address: `127.1`, `2130706433`, `0x7f.1`. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;

function canonicalName(text: string): string | null {
  const folded = text.toLowerCase().replace(/\.$/, "");
  return NAME.test(folded) && !ENDS_IN_NUMBER.test(folded) ? folded : null;
}

const ATOM = "[A-Za-z0-9#$&'*+/=?^_`{|}~-]+";
const EMAIL = new RegExp(`^(?=.{1,64}@)(${ATOM}(?:\\.${ATOM})*)@([^@]*)$`);

/** The local part stays as it is written: only its host knows what it means. */
function canonicalEmail(text: string): string | null {
  const match = EMAIL.exec(text);
  const domain = match === null ? null : canonicalName(match[2]!);
  const email = `${match?.[1]}@${domain}`;
  return domain === null || email.length > 254 ? null : email;
}
