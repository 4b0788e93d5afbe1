/** What long text is tested for, the same by hand, and texts for it. */
import { random } from "./random.ts";

export interface Question {
  /** As in the row's name. */
  readonly name: string;
  /** What the text is declared to be. */
  readonly type: "string" | "path" | "url";
  readonly condition: string;
  readonly byHand: (text: string) => boolean;
  readonly form: "prose" | "wide" | "path" | "url";
  /** Put into the text near its end, in every other one: what is sought is found late or never. */
  readonly sought: string;
}

const SECRET = /AKIA[0-9A-Z]{16}/;
const WORDS = /(?:password|passwd|secret)[ ]*[:=]/i;
const CARD = /[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{4}/;
const PLAIN = /^[A-Za-z0-9 .,;\n-]*$/;
const GLOB = /^.*--token=.*--force.*$/s;

export const QUESTIONS: readonly Question[] = [
  {
    name: "contains-pattern",
    type: "string",
    condition: "text contains /AKIA[0-9A-Z]{16}/",
    byHand: (text) => SECRET.test(text),
    form: "prose",
    sought: "AKIAIOSFODNN7EXAMPLE",
  },
  {
    name: "contains-words",
    type: "string",
    condition: "text contains /(?:password|passwd|secret) *[:=]/i",
    byHand: (text) => WORDS.test(text),
    form: "prose",
    sought: "Password = ",
  },
  {
    name: "contains-digits",
    type: "string",
    condition: "text contains /\\d{4}-\\d{4}-\\d{4}-\\d{4}/",
    byHand: (text) => CARD.test(text),
    form: "prose",
    sought: "4111-1111-1111-1111",
  },
  {
    name: "matches",
    type: "string",
    condition: "text matches /[A-Za-z0-9 .,;\\n\\-]*/",
    byHand: (text) => PLAIN.test(text),
    form: "prose",
    sought: "{",
  },
  {
    name: "contains-text",
    type: "string",
    condition: 'text contains "BEGIN PRIVATE KEY"',
    byHand: (text) => text.includes("BEGIN PRIVATE KEY"),
    form: "prose",
    sought: "BEGIN PRIVATE KEY",
  },
  {
    name: "like",
    type: "string",
    condition: 'text like "*--token=*--force*"',
    byHand: (text) => GLOB.test(text),
    form: "prose",
    sought: "--token=x --force",
  },
  {
    name: "not-ascii",
    type: "string",
    condition: 'text contains "BEGIN PRIVATE KEY"',
    byHand: (text) => text.includes("BEGIN PRIVATE KEY"),
    form: "wide",
    sought: "BEGIN PRIVATE KEY",
  },
  {
    name: "path",
    type: "path",
    condition: 'text.within("/workspace")',
    byHand: (text) => /^\/workspace(?:\/|$)/.test(posix(text)),
    form: "path",
    sought: "/../",
  },
  {
    name: "url",
    type: "url",
    condition: 'text.scheme == "https" and text.host in "**.example.com"',
    byHand(text) {
      const { protocol, hostname } = new URL(text);
      return protocol === "https:" && hostname.endsWith(".example.com");
    },
    form: "url",
    sought: "/%7Euser/",
  },
];

/** How a path is made canonical where nothing says that it is one already. */
function posix(text: string): string {
  const segments: string[] = [];
  for (const segment of text.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}

const COUNT = 16;
const LETTERS = "etaoinshrdlucmfwypvbgk";
const WIDE = "äöüßéèñçабвгд中文字";

/** Each of this many bytes, or a few less where characters have several. */
export function textsFor({ form, sought }: Question, bytes: number, seed: number): readonly string[] {
  const next = random(seed * 7_919 + bytes);
  return Array.from({ length: COUNT }, (_, at) => {
    const found = at % 2 === 0 ? sought : "";
    if (form === "path") return pathOf(next, bytes, found, at);
    if (form === "url") return urlOf(next, bytes, found, at);
    const before = prose(next, Math.floor(bytes * 0.9) - found.length, form === "wide");
    return flat(before + found + prose(next, bytes - byteLength(before + found), form === "wide"));
  });
}

function prose(next: () => number, bytes: number, isWide: boolean): string {
  let text = "";
  let size = 0;
  while (size < bytes) {
    const character = characterOf(next, isWide);
    const width = byteLength(character);
    text += size + width > bytes ? "e" : character;
    size += size + width > bytes ? 1 : width;
  }
  return text;
}

function characterOf(next: () => number, isWide: boolean): string {
  const kind = next();
  const among = (characters: string) => [...characters][Math.floor(next() * [...characters].length)]!;
  if (isWide && kind < 0.3) return among(WIDE);
  if (kind < 0.8) return among(LETTERS);
  if (kind < 0.84) return among("PSAETBM");
  if (kind < 0.87) return among("0123456789");
  return kind < 0.97 ? " " : among(".,;-\n");
}

function pathOf(next: () => number, bytes: number, found: string, at: number): string {
  let text = at % 4 < 2 ? "/workspace" : "/home";
  while (text.length < bytes - 40) text += `/${word(next, 3 + Math.floor(next() * 12))}`;
  text += found;
  return flat(text + "x".repeat(bytes - text.length));
}

function urlOf(next: () => number, bytes: number, found: string, at: number): string {
  let text = `https://${word(next, 8)}.${at % 4 < 2 ? "example.com" : "example.org"}`;
  while (text.length < bytes / 2) text += `/${word(next, 3 + Math.floor(next() * 12))}`;
  text += `${found}?`;
  while (text.length < bytes - 40) text += `${word(next, 5)}=${word(next, 8)}&`;
  return flat(text + "x".repeat(bytes - text.length));
}

function word(next: () => number, length: number): string {
  return Array.from({ length }, () => LETTERS[Math.floor(next() * LETTERS.length)]).join("");
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** As text arrives from JSON: one piece, not the tree that appending makes. */
function flat(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}
