/** Shaped text other than paths: its canonical form and its parts. */
import type { Shape } from "@polity/runtime/layout.ts";
import type { Value } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import { addressText, networkText, readAddress, readNetwork } from "./addresses.ts";
import { readHost, readHostPattern } from "./hosts.ts";
import { imageText, readImage } from "./images.ts";
import { readEmail } from "./mail.ts";
import { readUrl, urlText } from "./urls.ts";

/** The canonical text; undefined where the text has not that shape (spec 4.7.1). */
export function readShaped(shape: Shape, text: string): string | undefined {
  switch (shape) {
    case "url": {
      const url = readUrl(text);
      return url === undefined ? undefined : urlText(url);
    }
    case "email": {
      const email = readEmail(text);
      return email === undefined ? undefined : `${email.local}@${email.domain}`;
    }
    case "image": {
      const image = readImage(text);
      return image === undefined ? undefined : imageText(image);
    }
    case "host":
      return readHost(text);
    case "host_pattern":
      return readHostPattern(text);
    case "ip": {
      const address = readAddress(text);
      return address === undefined ? undefined : addressText(address);
    }
    case "cidr": {
      const network = readNetwork(text);
      return network === undefined ? undefined : networkText(network);
    }
    default:
      return unreachable(shape);
  }
}

/** A part of canonical text by its name; undefined where it is absent (spec 5.12.1). */
export function partOf(shape: Shape | "path", text: string, name: string): Value {
  switch (`${shape}.${name}`) {
    case "url.scheme":
      return readUrl(text)?.scheme;
    case "url.host":
      return readUrl(text)?.host;
    case "url.port":
      return BigInt(readUrl(text)?.port ?? 0);
    case "url.path":
      return readUrl(text)?.path.replace(/(?<=.)\/$/, "");
    case "url.query":
      return readUrl(text)?.query;
    case "image.registry":
      return readImage(text)?.registry;
    case "image.repository":
      return readImage(text)?.repository;
    case "image.tag":
      return readImage(text)?.tag;
    case "image.digest":
      return readImage(text)?.digest;
    case "path.segments":
      return text.split("/").filter((segment) => segment !== "");
    case "email.local":
      return readEmail(text)?.local;
    case "email.domain":
      return readEmail(text)?.domain;
    case "host.ip":
      return readShaped("ip", text.replace(/^\[|\]$/g, ""));
    case "ip.version":
      return text.includes(":") ? 6n : 4n;
    default:
      return undefined;
  }
}
