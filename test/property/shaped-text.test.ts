/** Three readers of shaped text that share no code agree; others read the canonical form as they do. */
import { BlockList, isIP } from "node:net";
import { posix } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { isInNetwork } from "../../compiler/interpret/addresses.ts";
import { readUrl } from "../../compiler/interpret/urls.ts";
import { createRandom, type Random } from "../support/generate/random.ts";
import { openShapes, type Readings, TEXT_SHAPES, type TextShape } from "../support/shaped-engines.ts";

const SEED = Number(process.env.POLITY_SEED ?? 4_711);
const ROUNDS = Number(process.env.POLITY_ROUNDS ?? 6_000);

let read: (shape: TextShape, text: string) => Readings;

beforeAll(async () => {
  read = await openShapes();
});

const SEEDS: Readonly<Record<TextShape, readonly string[]>> = {
  path: ["/", "/a/b", "/a/../b/./c", "/é/%2e", "//a//", "/..."],
  url: [
    "https://a.example/b/c?d=e",
    "HTTP://A.example:80/../a/./b/..",
    "wss://[2001:db8::1]:8443/%7e%C3%A9/?%41=[1]",
    "x+y.z-1://10.0.0.1:65535/a;b=c/@:!$&'()*+,",
    "https://xn--bcher-kva.example./%E2%82%AC%F0%9F%98%80",
    "https://a.example?q",
    "ftp://a.example",
  ],
  host: [
    "a.example",
    "A-b.c9.Example.",
    "127.0.0.1",
    "[2001:db8::1]",
    "xn--bcher-kva.example",
    "1.2.3.a",
    "0x7g",
  ],
  host_pattern: ["*.a.example", "**.A.Example.", "a.example", "[::1]", "10.0.0.1"],
  email: ["ada@a.example", "A.b+c@A.Example.", "a#$&'*/=?^_`{|}~-@b"],
  image: [
    "ghcr.io/a/b:1.2",
    "Localhost:5000/a__b/c-d.e@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "docker.io/library/a:v1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "[::1]/a",
  ],
  ip: [
    "127.0.0.1",
    "::ffff:1.2.3.4",
    "2001:db8:0:0:1::1",
    "1:2:3:4:5:6:7:8",
    "::",
    "1::",
    "::1.2.3.4",
    "0:0:1::",
  ],
  cidr: [
    "10.0.0.0/8",
    "2001:db8::/32",
    "::ffff:10.0.0.0/104",
    "0.0.0.0/0",
    "::/0",
    "1.2.3.4/32",
    "fe80::/10",
  ],
};

/** What tends to be read in more than one way. */
const PIECES: readonly string[] = [
  ...[
    "/",
    "//",
    ".",
    "..",
    "/./",
    "/../",
    "\\",
    "%2e",
    "%2E%2e",
    "%2f",
    "%5c",
    "%25",
    "%00",
    "%c0%af",
    "%ff",
    "%",
    "%4",
  ],
  ...[
    "%41",
    "%7e",
    "%C3%A9",
    "%e2%82%ac",
    "%ED%A0%80",
    "%F4%90%80%80",
    "?",
    "#",
    "@",
    ":",
    "::",
    "[",
    "]",
    "*",
    "**.",
  ],
  ...[
    "0",
    "00",
    "1",
    "255",
    "256",
    "0x",
    "0x7f",
    "017",
    "65535",
    "65536",
    ":0",
    ":80",
    ":443",
    "f",
    "ffff",
    "A",
    "Z",
  ],
  ...[
    "-",
    "_",
    "__",
    ";",
    "'",
    "!",
    "&",
    "=",
    "+",
    " ",
    "\t",
    "\n",
    "\r",
    "\0",
    "\x7f",
    "\u00ad",
    "\u200b",
    "\u202e",
  ],
  ...[
    "é",
    "e\u0301",
    "\u212a",
    "\u017f",
    "\uff0f",
    "\uff0e",
    "\u3002",
    "\u2024",
    "ß",
    "😀",
    "\ud800",
    "\ufeff",
    "xn--",
  ],
  ...[
    "@sha256:",
    "sha256",
    "localhost",
    "docker.io/",
    "index.docker.io/",
    "file://",
    "http://",
    "a".repeat(63),
    "\u0430",
  ],
];

function mutate(random: Random, shape: TextShape): string {
  let text = random.pick(SEEDS[shape]);
  for (let n = random.between(0, 4); n > 0; n -= 1) {
    const at = random.below(text.length + 1);
    const piece = random.chance(0.8) ? random.pick(PIECES) : random.pick(SEEDS[random.pick(TEXT_SHAPES)]);
    const [before, after] = [text.slice(0, at), text.slice(at)];
    text = random.pick<() => string>([
      () => before + piece + after,
      () => before + after.slice(1),
      () => before + piece + after.slice(1),
      () => before.toUpperCase() + after,
      () => before,
      () => before + after + after,
    ])();
  }
  return text;
}

describe.each(TEXT_SHAPES)("%s", (shape) => {
  test("is read alike by all, into a form that stays as it is", () => {
    const random = createRandom(SEED, TEXT_SHAPES.indexOf(shape));
    let accepted = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const text = mutate(random, shape);
      const { evaluator, reference, host, code } = read(shape, text);
      expect([text, evaluator, host]).toEqual([text, reference, reference]);
      expect(code).toMatch(reference === null ? /^input\.(?:invalid|too_large)$/ : /^allow$/);
      if (reference === null) continue;
      accepted += 1;
      expect([text, read(shape, reference).reference]).toEqual([text, reference]);
      checkOthers(shape, text, reference);
    }
    expect(accepted).toBeGreaterThan(ROUNDS / 20);
    expect(accepted).toBeLessThan((ROUNDS * 9) / 10);
  });
});

/** What stays as it is, and what does not, so that both lie everywhere within words of eight bytes. */
const USUAL = [
  "a",
  "bc",
  "workspace",
  "src",
  "x.y",
  "README.md",
  "a-b_c",
  "v1:2@3",
  "node_modules",
  "i".repeat(20),
];
const ODD = [".", "..", "...", "", ".git", "%7e", "%2fa", "é", "a b", "a;b", "'", "\\", "a%C3%A9b", "\0"];

function longText(random: Random, shape: "path" | "url"): string {
  const odd = random.pick([0, 0.03, 0.3]);
  const among = ODD.slice(0, random.chance(0.7) ? 6 : ODD.length);
  const segments = Array.from({ length: random.between(1, 24) }, () =>
    random.chance(odd) ? random.pick(among) : random.pick(USUAL),
  );
  const path = `/${segments.join("/")}`;
  if (shape === "path") return path;
  const host = random.pick([
    "https://a.example",
    "https://a.example:443",
    "http://b.c.example:8080",
    "ftp://[::1]",
  ]);
  const pairs = Array.from({ length: random.below(8) }, () => `${random.pick(USUAL)}=${random.pick(USUAL)}`);
  const query = random.chance(odd)
    ? `${pairs.join("&")}${random.pick(ODD)}${pairs.join("&")}`
    : pairs.join("&");
  return `${host}${random.chance(0.9) ? path : ""}${random.chance(0.6) ? `?${query}` : ""}`;
}

test.each(["path", "url"] as const)("long text with the shape of a %s", (shape) => {
  const random = createRandom(SEED, 77);
  const counts = { same: 0, changed: 0, refused: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    const text = longText(random, shape);
    const { evaluator, reference, host } = read(shape, text);
    expect([text, evaluator, host]).toEqual([text, reference, reference]);
    counts[reference === null ? "refused" : reference === text ? "same" : "changed"] += 1;
    if (reference !== null) checkOthers(shape, text, reference);
  }
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(ROUNDS / 20);
});

/** What other programs make of the canonical text. */
function checkOthers(shape: TextShape, text: string, canonical: string): void {
  if (shape === "path") {
    // This function keeps a `/` at the end, which the canonical form never has.
    expect([text, posix.normalize(canonical)]).toEqual([text, canonical]);
    expect([text, posix.resolve(text)]).toEqual([text, canonical]);
  } else if (shape === "host") {
    expect([text, urlOf(`http://${canonical}/`)?.hostname ?? canonical]).toEqual([text, canonical]);
  } else if (shape === "ip") {
    expect([text, isIP(text) !== 0, isIP(canonical)]).toEqual([text, true, canonical.includes(":") ? 6 : 4]);
    const host = canonical.includes(":") ? `[${canonical}]` : canonical;
    expect([text, new URL(`http://${host}/`).hostname]).toEqual([text, host]);
  } else if (shape === "url") checkUrl(text, canonical);
}

const USUAL_PORTS = new Map([
  ["http:", 80],
  ["https:", 443],
  ["ws:", 80],
  ["wss:", 443],
  ["ftp:", 21],
]);

function checkUrl(text: string, canonical: string): void {
  const other = urlOf(canonical);
  if (other === null) return;
  const parts = readUrl(canonical);
  expect([text, other.href]).toEqual([text, canonical]);
  expect([text, other.protocol, other.hostname]).toEqual([text, `${parts?.scheme}:`, parts?.host]);
  expect([text, Number(other.port) || USUAL_PORTS.get(other.protocol)]).toEqual([text, parts?.port]);
  expect([text, other.pathname, other.search]).toEqual([
    text,
    parts?.path,
    parts?.query ? `?${parts.query}` : "",
  ]);
  expect([text, other.username, other.password, other.hash]).toEqual([text, "", "", ""]);
  // What came in and what goes out lead to one place.
  const before = new URL(text);
  expect([text, before.host.toLowerCase().replace(/\.(?=:|$)/, "")]).toEqual([text, other.host]);
}

/** Null where the parser knows more of a label `xn--…` than that it is one: then nobody goes anywhere. */
function urlOf(text: string): URL | null {
  if (text.includes("xn--") && !URL.canParse(text)) return null;
  return new URL(text);
}

test("addresses are in the networks in which others find them", () => {
  const random = createRandom(SEED, 99);
  let found = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const isSix = random.chance(0.5);
    const [address, bits] = isSix ? [randomSix(random), 128] : [randomFour(random), 32];
    const prefix = random.between(0, bits);
    const near = random.chance(0.8)
      ? flip(address, random.below(bits), isSix)
      : isSix
        ? randomSix(random)
        : randomFour(random);
    const network = masked(address, prefix, isSix);
    const canonical = read("cidr", `${network}/${prefix}`).reference;
    const ip = read("ip", near).reference;
    expect([network, prefix, canonical === null]).toEqual([network, prefix, false]);
    const list = new BlockList();
    list.addSubnet(network, prefix, isSix ? "ipv6" : "ipv4");
    const isIn = list.check(near, isSix ? "ipv6" : "ipv4");
    if (isIn) found += 1;
    // Addresses of IPv4 in IPv6 are IPv4 here, which that list knows only for single ones.
    if (isSix && [network, near].some((each) => /^(?:0:){5}ffff:/.test(each))) continue;
    expect([near, canonical, isInNetwork(ip ?? "", canonical ?? "")]).toEqual([near, canonical, isIn]);
  }
  expect(found).toBeGreaterThan(ROUNDS / 10);
});

function randomFour(random: Random): string {
  return Array.from({ length: 4 }, () => random.below(256)).join(".");
}

function randomSix(random: Random): string {
  const group = () => (random.chance(0.4) ? 0 : random.below(65_536)).toString(16);
  return Array.from({ length: 8 }, group).join(":");
}

function numberOf(address: string, isSix: boolean): bigint {
  const [base, parts] = isSix
    ? ([65_536n, address.split(":")] as const)
    : ([256n, address.split(".")] as const);
  return parts.reduce((value, part) => value * base + BigInt(isSix ? `0x${part}` : part), 0n);
}

function addressOf(value: bigint, isSix: boolean): string {
  const [count, bits] = isSix ? [8, 16n] : [4, 8n];
  const parts = Array.from(
    { length: count },
    (_, at) => (value >> (BigInt(count - 1 - at) * bits)) & ((1n << bits) - 1n),
  );
  return parts.map((part) => part.toString(isSix ? 16 : 10)).join(isSix ? ":" : ".");
}

function flip(address: string, bit: number, isSix: boolean): string {
  return addressOf(numberOf(address, isSix) ^ (1n << BigInt(bit)), isSix);
}

function masked(address: string, prefix: number, isSix: boolean): string {
  const open = BigInt((isSix ? 128 : 32) - prefix);
  return addressOf((numberOf(address, isSix) >> open) << open, isSix);
}
