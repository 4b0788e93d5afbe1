/**
 * What a writer did to its files and when it promised what, read from a trace by `strace -xx`, which has
 * every byte. What another thread did in between a call's beginning and its end may stand on either side of
 * it: an event counts from its end, and a sync covers only what had ended before it began. A write to a file
 * that was opened with `O_DSYNC` is a write and a sync: the power may go in between.
 */
import { homeOf, type Place } from "./place.ts";

export type Event =
  | { readonly kind: "open"; readonly fd: number; readonly path: string; readonly flags: string }
  | { readonly kind: "close"; readonly fd: number }
  /** Null: where the file's own position is. */
  | { readonly kind: "write"; readonly fd: number; readonly at: number | null; readonly bytes: Buffer }
  | { readonly kind: "resize"; readonly fd: number; readonly size: number }
  /** Only ever makes a file longer. */
  | { readonly kind: "allocate"; readonly fd: number; readonly size: number }
  /** `begun`: how many events had ended when it began. */
  | { readonly kind: "sync"; readonly fd: number; readonly begun: number }
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "link"; readonly from: string; readonly to: string }
  | { readonly kind: "remove"; readonly path: string }
  | { readonly kind: "folder"; readonly path: string }
  /** A line that the writer said. */
  | { readonly kind: "said"; readonly line: string };

const RECORDED_CALLS: readonly string[] = [
  ...["openat", "close", "write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "ftruncate"],
  ...["fallocate", "rename", "renameat", "renameat2", "link", "linkat", "mkdir", "mkdirat", "unlink"],
  ...["unlinkat", "rmdir", "lseek"],
];

/** Of one call; a bundle of 256 long entries is the longest thing that is written at once. */
export const RECORD_ARGS: readonly string[] = [
  "-xx",
  "-s",
  `${1 << 25}`,
  "-e",
  `trace=${RECORDED_CALLS.join(",")}`,
];

interface Begun {
  readonly text: string;
  readonly events: number;
}

/** Throws where a call cannot be understood: what is left out would make a wrong disk. */
export function eventsOf(trace: string, place: Place): readonly Event[] {
  const begun = new Map<string, Begun>();
  const events: Event[] = [];
  const durable = new Set<number>();
  for (const line of trace.split("\n")) {
    const [, thread = "", text = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const unfinished = / <unfinished \.\.\.>$/.exec(text);
    if (unfinished) {
      begun.set(thread, { text: text.slice(0, unfinished.index), events: events.length });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text);
    const start = resumed === null ? undefined : begun.get(thread);
    const whole = start === undefined ? text : `${start.text}${resumed![1]}`;
    begun.delete(thread);
    for (const event of eventOf(whole, start?.events ?? events.length, place)) {
      events.push(event);
      if (event.kind === "open" && event.flags.includes("O_DSYNC")) durable.add(event.fd);
      else if (event.kind === "open" || event.kind === "close") durable.delete(event.fd);
      else if (event.kind === "write" && durable.has(event.fd))
        events.push({ kind: "sync", fd: event.fd, begun: events.length });
    }
  }
  return events;
}

const CALL = /^(\w+)\((.*)\) += (-?\d+)(?:<[^>]*>)?(?: .*)?$/;

function eventOf(text: string, begunAt: number, place: Place): readonly Event[] {
  const match = CALL.exec(text);
  if (match === null || Number(match[3]) < 0) return [];
  const [, name = "", args = "", resultText = ""] = match;
  const result = Number(resultText);
  const strings = stringsOf(args);
  const names = strings.map((bytes) => bytes.toString());
  const home = homeOf(place);
  const ours = (path: string) => path === home || path.startsWith(`${home}/`);
  const fd = Number(/^\d+/.exec(args)?.[0] ?? -1);
  const fdPath = unhex(/^\d+<((?:\\x[0-9a-f]{2}|[^>\\])*)>/.exec(args)?.[1] ?? "").toString();
  if (name === "write" && fd === 1) {
    const lines = strings[0]!.toString().split("\n").slice(0, -1);
    return lines.map((line) => ({ kind: "said", line }));
  }
  if (/^(?:open|rename|link|mkdir|unlink|rmdir)/.test(name)) {
    return names.some(ours) ? [namesEvent(name, names, result, args)] : [];
  }
  return ours(fdPath.replace(/ \(deleted\)$/, ""))
    ? fileEvent({ name, fd, args, strings, result, begunAt })
    : [];
}

function namesEvent(name: string, names: readonly string[], fd: number, args: string): Event {
  const [path = "", to = ""] = names;
  if (name.startsWith("open")) return { kind: "open", fd, path, flags: args };
  if (name.startsWith("rename")) return { kind: "rename", from: path, to };
  if (name.startsWith("link")) return { kind: "link", from: path, to };
  if (name.startsWith("mkdir")) return { kind: "folder", path };
  return { kind: "remove", path };
}

interface FileCall {
  readonly name: string;
  readonly fd: number;
  readonly args: string;
  readonly strings: readonly Buffer[];
  readonly result: number;
  readonly begunAt: number;
}

function fileEvent({ name, fd, args, strings, result, begunAt }: FileCall): readonly Event[] {
  const numbers =
    args
      .replaceAll(/"[^"]*"(?:\.\.\.)?|<[^>]*>/g, "")
      .match(/\d+/g)
      ?.map(Number) ?? [];
  if (name === "close") return [{ kind: "close", fd }];
  if (name === "fsync" || name === "fdatasync") return [{ kind: "sync", fd, begun: begunAt }];
  if (name === "ftruncate") return [{ kind: "resize", fd, size: numbers.at(-1)! }];
  if (name === "fallocate") return [{ kind: "allocate", fd, size: numbers.at(-2)! + numbers.at(-1)! }];
  if (name === "lseek") throw new Error(`files are written by position here: ${args.slice(0, 80)}`);
  if (args.includes('"...')) throw new Error(`strace cut off what was written: ${args.slice(0, 80)}`);
  const bytes = Buffer.concat(strings).subarray(0, result);
  const at = name.startsWith("p") ? numbers.at(-1)! : null;
  return [{ kind: "write", fd, at, bytes }];
}

/** What stands between quotation marks, decoded. */
function stringsOf(args: string): readonly Buffer[] {
  const strings: Buffer[] = [];
  for (let at = args.indexOf('"'); at !== -1; ) {
    const end = args.indexOf('"', at + 1);
    strings.push(unhex(args.slice(at + 1, end)));
    at = args.indexOf('"', end + 1);
  }
  return strings;
}

function unhex(text: string): Buffer {
  return text.includes("\\x") ? Buffer.from(text.replaceAll("\\x", ""), "hex") : Buffer.from(text);
}
