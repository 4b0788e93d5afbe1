/** A folder as the way of papers: orders and approvals come in as files, what waits for them goes out. */
import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pendingBody } from "@polity/gateway/http/paper-calls.ts";
import type { Governor, PendingApproval } from "@polity/governor/governor.ts";
import type { OrderSource } from "@polity/governor/ports.ts";
import { failure, fileFailure } from "./failure.ts";
import { isFolder, nameOf, readGivenFile, utf8Text } from "./read-file.ts";
import { tellNote } from "./tell.ts";
import { quoted, visible } from "./words.ts";
import { writeInPlace } from "./write-file.ts";

export interface PapersFolder {
  readonly orders: OrderSource;
  /** Until it is stopped; then what waits no longer is gone from the folder. */
  readonly follow: (governor: Governor) => { readonly stop: () => Promise<void> };
}

const ORDER = ".order.json";
const APPROVAL = ".approval.json";
const PENDING = /^pending-[0-9a-f-]{36}\.json$/;
const LOOK_MS = 250;
const FILES_MAX = 4_096;
/** No paper is larger in its envelope. */
const PAPER_BYTES_MAX = 64 * 1024;

const MISSED = "unless it has expired, what is known of containment gets old until it is back";

interface PaperFile {
  readonly name: string;
  /** Another one for another content. */
  readonly stamp: string;
}

export function openPapersFolder(dir: string): PapersFolder {
  if (!isFolder(dir)) throw failure(`${nameOf(dir)} is no folder`, "make it before the gateway starts");
  return { orders: ordersIn(dir), follow: (governor) => follow(dir, governor) };
}

/** An order that cannot be read may be the one that matters: then nothing of this folder counts as known. */
function ordersIn(dir: string): OrderSource {
  return {
    async read() {
      const found = papersIn(dir, namesIn(dir)).filter(({ name }) => name.endsWith(ORDER));
      const texts: string[] = [];
      for (const { name } of found) {
        const text = await textOf(join(dir, name));
        if (text !== null) texts.push(text);
      }
      return texts;
    },
  };
}

function follow(dir: string, governor: Governor) {
  const seen = new Map<string, string>();
  const written = new Map<string, number>();
  let problem: string | null = null;
  let isFirst = true;
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    try {
      const names = namesIn(dir);
      const papers = papersIn(dir, names);
      const here = new Set(papers.map(({ name }) => name));
      for (const name of seen.keys()) {
        if (here.has(name)) continue;
        seen.delete(name);
        if (name.endsWith(ORDER)) await tellNote(`${quoted(name)} is gone: ${MISSED}`);
      }
      for (const { name, stamp } of papers) {
        if (seen.get(name) === stamp) continue;
        await take(governor, dir, name, isFirst);
        seen.set(name, stamp);
      }
      isFirst = false;
      showPending(dir, names, governor.approvals(), written);
      problem = null;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (problem !== message) await tellNote(`the folder of papers: ${visible(message)}`);
      problem = message;
    }
  }

  const next = () => {
    looking ??= look().finally(() => {
      looking = null;
    });
    return looking;
  };
  const timer = setInterval(() => void next(), LOOK_MS);
  void next();
  return {
    async stop() {
      clearInterval(timer);
      await looking;
      await next();
    },
  };
}

/** What was carried out before says nothing new, nor does what was over before the start. */
async function take(governor: Governor, dir: string, name: string, isFirst: boolean): Promise<void> {
  const text = await textOf(join(dir, name));
  if (text === null) {
    await tellNote(`${quoted(name)} is no paper: it is no text, or has more than ${PAPER_BYTES_MAX} bytes`);
    return;
  }
  const said = name.endsWith(ORDER) ? await governor.order(text) : await governor.approve(text);
  if (said.ok) return tellNote(`${quoted(name)} was taken in`);
  const [, fault] = said.code.split(".");
  if (fault === "replayed" || (isFirst && (fault === "unknown" || fault === "expired"))) return;
  await tellNote(`${quoted(name)} is not taken in: ${said.code}: ${visible(said.message)}`);
}

/** Written for its owner alone: a request may say what others need not know. */
function showPending(
  dir: string,
  names: readonly string[],
  pending: readonly PendingApproval[],
  written: Map<string, number>,
): void {
  const there = new Set(names);
  const waits = new Set<string>();
  let problem: unknown = null;
  for (const one of pending) {
    const name = `pending-${one.id}.json`;
    waits.add(name);
    if (there.has(name) && written.get(name) === one.given.length) continue;
    try {
      writeInPlace(join(dir, name), `${JSON.stringify(pendingBody(one), null, 2)}\n`, 0o600);
      written.set(name, one.given.length);
    } catch (error) {
      // The others are shown all the same.
      problem = error;
    }
  }
  for (const name of names) {
    if (!PENDING.test(name) || waits.has(name)) continue;
    written.delete(name);
    // A folder of that name is nobody's answer, and whose it is we do not know.
    if (lstatSync(join(dir, name), { throwIfNoEntry: false })?.isDirectory() !== true) {
      rmSync(join(dir, name), { force: true });
    }
  }
  if (problem !== null) throw problem;
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    throw fileFailure("read", nameOf(dir), error);
  }
}

function papersIn(dir: string, names: readonly string[]): readonly PaperFile[] {
  const papers = names.filter((name) => name.endsWith(ORDER) || name.endsWith(APPROVAL));
  if (papers.length > FILES_MAX) throw failure(`${nameOf(dir)} has more than ${FILES_MAX} papers`);
  return papers.flatMap((name) => {
    // Neither a link, which may lead anywhere, nor a pipe, which may never end.
    const stat = lstatSync(join(dir, name), { throwIfNoEntry: false });
    if (stat?.isFile() !== true) return [];
    return [{ name, stamp: `${stat.ino} ${stat.mtimeMs} ${stat.ctimeMs} ${stat.size}` }];
  });
}

/** Null for what is no text, or too long for a paper. Fails for what was exchanged for a link meanwhile. */
async function textOf(path: string): Promise<string | null> {
  const size = lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return size > PAPER_BYTES_MAX ? null : utf8Text(await readGivenFile(path, PAPER_BYTES_MAX, false));
}
