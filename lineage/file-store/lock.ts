/**
 * One writer per folder: a file `lock` that says who holds it. It appears under its name with its content,
 * by a hard link, which fails where the name is taken. A lock whose holder is gone is taken over by renaming
 * a fresh one onto it, and only by whoever holds the lock of that lock: its name contains the dead holder's
 * token, so that of all who found the same holder dead exactly one takes over, and one who comes late finds
 * another token. Limits: all writers must see the folder through one machine's kernel, and be able to see
 * each other's processes; what cannot be seen counts as alive.
 */
import { link, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { utf8 } from "@polity/runtime/hash.ts";
import { LogError } from "../store.ts";
import { errnoOf, PRIVATE_MODE, readSmall, removeIfThere, writeAll } from "./disk.ts";
import { isGone, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

export interface Lock {
  /** Whether the lock is still this one: somebody may have deleted it by hand. */
  readonly isHeld: () => Promise<boolean>;
  readonly release: () => Promise<void>;
}

interface Holder extends ProcessIdentity {
  readonly token: string;
}

/** A takeover of a takeover that was itself interrupted is left to people. */
const DEPTH_MAX = 3;
const ATTEMPTS_MAX = 100;
const LOCK_BYTES_MAX = 1024;

const PROCESS = String.raw`([1-9]\d{0,9}) ([0-9a-f-]{36}) started=(\d*)`;
const PLACE = String.raw`boot=(\S*) machine=(\S*) space=(\S*) host=(\S*)`;
const LINE = new RegExp(`^polity-log-lock/1 ${PROCESS} ${PLACE}\n$`);

/** Rejects with `log.locked`, or what the file system throws. */
export async function takeLock(dir: string, name: string): Promise<Lock> {
  const holder: Holder = { ...(await ownIdentity()), token: crypto.randomUUID() };
  return take(dir, name, holder, 1);
}

async function take(dir: string, name: string, own: Holder, depth: number): Promise<Lock> {
  const path = join(dir, name);
  const fresh = join(dir, `${name}-${own.token}.new`);
  await writeHolder(fresh, own);
  try {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      if (await linkNew(fresh, path)) return lockAt(path, own);
      const other = await readHolder(path);
      if (other === "none") continue;
      await expectGone(other, own, name);
      if (other === "unreadable" || depth === DEPTH_MAX) break;
      const right = await take(dir, `${name}.${other.token}`, own, depth + 1);
      try {
        const now = await readHolder(path);
        if (typeof now === "object" && now.token === other.token) {
          await rename(fresh, path);
          return lockAt(path, own);
        }
      } finally {
        await right.release();
      }
    }
  } finally {
    await removeIfThere(fresh);
  }
  throw locked(name, "processes that held it ended, and so did others that cleared up after them");
}

function lockAt(path: string, own: Holder): Lock {
  const isHeld = async () => {
    const holder = await readHolder(path);
    return typeof holder === "object" && holder.token === own.token;
  };
  const release = async () => {
    if (await isHeld()) await removeIfThere(path);
  };
  return { isHeld, release };
}

/** Whether the name was free. */
async function linkNew(fresh: string, path: string): Promise<boolean> {
  try {
    await link(fresh, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function expectGone(other: Holder | "unreadable", own: Holder, name: string): Promise<void> {
  if (other === "unreadable") throw locked(name, "the file does not say who holds it");
  const holder = `process ${other.pid} on ${other.host}`;
  const gone = await isGone(other, own);
  if (gone === "unknown") throw locked(name, `${holder} holds it, which cannot be seen from here`);
  if (!gone) throw new LogError("log.locked", `${holder} has the log open: close it there`, { file: name });
}

function locked(name: string, why: string): LogError {
  return new LogError("log.locked", `${why}: make sure that no process uses the log, then delete this file`, {
    file: name,
  });
}

async function writeHolder(path: string, holder: Holder): Promise<void> {
  const { pid, token, started, boot, machine, space, host } = holder;
  const where = `boot=${boot} machine=${machine} space=${space} host=${host}`;
  const text = `polity-log-lock/1 ${pid} ${token} started=${started} ${where}\n`;
  const handle = await open(path, "wx", PRIVATE_MODE);
  try {
    await writeAll(handle, utf8(text), 0);
    // Otherwise a lock without content might be what a power failure leaves.
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readHolder(path: string): Promise<Holder | "unreadable" | "none"> {
  const bytes = await readSmall(path, LOCK_BYTES_MAX);
  if (bytes === null) return "none";
  const match = LINE.exec(String.fromCharCode(...bytes));
  if (match === null) return "unreadable";
  const [, pid, token, started, boot, machine, space, host] = match;
  return {
    pid: Number(pid),
    token: token!,
    started: started!,
    boot: boot!,
    machine: machine!,
    space: space!,
    host: host!,
  };
}
