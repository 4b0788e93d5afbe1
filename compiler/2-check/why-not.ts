/**
 * What is wrong with a literal that has not the shape it must have, for its message alone: what is right is
 * not decided here.
 */

import type { Shape } from "@polity/runtime/layout.ts";
import { canonicalShape } from "@polity/runtime/shaped-text.ts";

/** The first of these that the text fails says why. */
type Reasons = readonly (readonly [fails: (text: string) => boolean, reason: string])[];

export function whyNot(shape: Shape, text: string): string {
  for (const [fails, reason] of [...COMMON, ...REASONS[shape]]) if (fails(text)) return reason;
  return USUAL[shape];
}

function matches(pattern: RegExp): (text: string) => boolean {
  return (text) => pattern.test(text);
}

const COMMON: Reasons = [
  [(text) => text === "", "there is nothing in it"],
  [matches(/\s/), "it has white space in it"],
  [matches(/[^!-~]/), "it has other characters than visible ASCII in it: write names in their `xn--` form"],
];

const labels = (text: string) =>
  text
    .replace(/^\*\*?\./, "")
    .replace(/\.$/, "")
    .split(".");

const NAME: Reasons = [
  [matches(/:\/\//), "this is a URL: write its host alone"],
  [matches(/\//), "a host has no path"],
  [matches(/^[^[]*:\d*$/), "a host has no port"],
  [matches(/:/), "an IPv6 address stands in brackets, in the form of RFC 5952"],
  [matches(/@/), "a host has no user"],
  [matches(/_/), "names have letters, digits and hyphens, no `_`"],
  [matches(/\.\.|^\./), "it has an empty label"],
  [(text) => labels(text).some((label) => label.length > 63), "a label has at most 63 characters"],
  [(text) => labels(text).join(".").length > 253, "a host has at most 253 characters"],
  [(text) => labels(text).some((label) => /^-|-$/.test(label)), "a label neither begins nor ends with `-`"],
  [
    (text) => /^(?:\d+|0x[0-9a-f]*)$/i.test(labels(text).at(-1) ?? ""),
    "its last label is a number, so it could be taken for an IPv4 address",
  ],
];

const LINK: Reasons = [
  [(text) => !/^[a-z][a-z0-9+.-]*:\/\//i.test(text), "it begins with a scheme and `://`"],
  [matches(/^file:/i), "a file on this machine is a `path`"],
  [matches(/#/), "a fragment is never sent: leave it out"],
  [matches(/\\/), "it has a backslash in it"],
  [matches(/^[^/]*\/\/[^/?]*@/), "it names a user"],
  [(text) => canonicalShape("host", hostOf(text)) === null, "its host is none"],
  [
    matches(/^[^/]*\/\/[^/?]*:(?:[^/?]*[^\d/?\]][^/?]*|0[^/?]*|\d{6,}|)(?:[/?]|$)/),
    "its port is not one of 1 to 65535",
  ],
  [
    (text) => !/^(?:https?|wss?|ftp):/i.test(text) && !/:\d+(?:[/?]|$)/.test(text),
    "the port is missing, which its scheme does not say",
  ],
  [matches(/^[^?]*[^:/]\/\//), "it has an empty segment"],
  [matches(/%(?![0-9a-f]{2})/i), "`%` is followed by two hexadecimal digits"],
  [
    matches(/^[^?]*%(?:2e|2f|5c|25|[01]|7f)/i),
    "its path hides a `.`, `/`, `\\`, `%` or control behind a `%`",
  ],
];

function hostOf(text: string): string {
  return /^[^/]*\/\/(\[[^\]]*\]|[^/?:]*)/.exec(text)?.[1] ?? "";
}

const MAIL: Reasons = [
  [(text) => text.split("@").length !== 2, "one `@` stands between its local part and its domain"],
  [
    (text) => canonicalShape("host", text.slice(text.indexOf("@") + 1)) === null,
    "its domain is no name of a host",
  ],
  [matches(/^[^@]{65,}@/), "its local part has at most 64 characters"],
  [matches(/^\.|\.\.|\.@/), "a dot stands between two other characters"],
  [
    matches(/["()<>,:;[\]\\!%]/),
    "its local part has letters, digits and some signs, without quotes, comments or routes",
  ],
];

const IMAGE: Reasons = [
  [
    (text) => !/^[^/]*[.:[\]][^/]*\/|^localhost\//.test(text),
    "its registry is missing: `docker.io/library/alpine`",
  ],
  [matches(/^index\.docker\.io\//i), "this registry is called `docker.io`"],
  [matches(/^docker\.io\/[^/]*$/i), "official images are in `library`: `docker.io/library/alpine`"],
  [matches(/:\/\//), "an image has no scheme"],
  [matches(/\/[^:@]*[A-Z]/), "a repository is in lower case"],
  [(text) => /@(?!sha256:[0-9a-f]{64}$)/.test(text), "its digest is `@sha256:` and 64 digits in lower case"],
];

const ADDRESS: Reasons = [
  [matches(/%/), "an address has no zone"],
  [matches(/^\[/), "an address stands without brackets here"],
  [matches(/(?:^|\.)0\d/), "the numbers of an IPv4 address have no leading zeros"],
  [matches(/^[^:]*[g-wyz][^:]*$/i), "an address is meant, not a name"],
  [
    matches(/::/),
    "`::` stands for the longest run of zero groups, the first of equal ones, and for two at least",
  ],
];

const REASONS: Readonly<Record<Shape, Reasons>> = {
  url: LINK,
  email: MAIL,
  image: IMAGE,
  host: [[matches(/\*/), "`*` belongs to a `host_pattern`"], ...NAME],
  host_pattern: [
    [(text) => text.replace(/^\*\*?\./, "").includes("*"), "`*.` or `**.` stands in front, and nowhere else"],
    ...NAME,
  ],
  ip: [[matches(/\//), "an address has no prefix; a `cidr` has"], ...ADDRESS],
  cidr: [
    [(text) => !text.includes("/"), "the length of its prefix is missing: `/32` is one IPv4 address"],
    [matches(/\/(?!(?:0|[1-9]\d{0,2})$)/), "the length of a prefix is a number without leading zeros"],
    [
      (text) => canonicalShape("ip", text.slice(0, text.indexOf("/"))) !== null,
      "bits behind the prefix are set, or there are fewer bits than it says",
    ],
    ...ADDRESS,
  ],
};

const USUAL: Readonly<Record<Shape, string>> = {
  url: "`https://api.example.com/v1/items?page=2`",
  email: "`ada@example.com`",
  image: "`ghcr.io/example/api:1.2` or `ghcr.io/example/api@sha256:…`",
  host: "labels of letters, digits and hyphens between dots: `api.example.com`",
  host_pattern: "a host, or `*.` (one label) or `**.` (one or more) and a host: `*.example.com`",
  ip: "`192.0.2.1` or `2001:db8::1`",
  cidr: "`192.0.2.0/24` or `2001:db8::/32`",
};
