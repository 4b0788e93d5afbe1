/** Who holds a lock: a process, told apart from others that had or will have its number. */
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in ticks since the machine started; empty where the system does not say. */
  readonly started: string;
  /** Changes with every start of the machine; empty where the system does not say. */
  readonly boot: string;
  /** Stays with an installation of the system; empty where the system does not say. */
  readonly machine: string;
  /** A container has numbers of its own for its processes; empty where there is no such thing. */
  readonly space: string;
  /** Without white space. */
  readonly host: string;
}

export async function ownIdentity(): Promise<ProcessIdentity> {
  return {
    pid: process.pid,
    started: (await processStat("self"))?.started ?? "",
    boot: await textOf(() => readFile("/proc/sys/kernel/random/boot_id", "utf8")),
    machine: encodeURIComponent(await textOf(() => readFile("/etc/machine-id", "utf8"))),
    space: await textOf(() => readlink("/proc/self/ns/pid")),
    host: encodeURIComponent(hostname()),
  };
}

/**
 * Whether a holder is certainly no more, as seen by `own`. `unknown` where this process cannot see the other:
 * it is on another machine, or in another container.
 */
export async function isGone(holder: ProcessIdentity, own: ProcessIdentity): Promise<boolean | "unknown"> {
  const isSameKernel = holder.boot === own.boot && (holder.boot !== "" || holder.host === own.host);
  if (!isSameKernel) return wasBefore(holder, own) ? true : "unknown";
  if (holder.space !== own.space) return "unknown";
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  if (holder.started === "") return false;
  const stat = await processStat(String(holder.pid));
  // A dead process keeps its number until its parent has asked how it ended.
  return stat === null || stat.state === "Z" || stat.state === "X" || stat.started !== holder.started;
}

/**
 * Whether the holder ran before this machine was started again. Names are not enough to know a machine by:
 * hosts share them, copies of a disk share its id, and containers have that of their image. A container's
 * processes are in a space of its own, which no start of the machine gives it again.
 */
function wasBefore(holder: ProcessIdentity, own: ProcessIdentity): boolean {
  const isKnown = own.machine !== "" && own.boot !== "" && holder.boot !== "";
  return isKnown && holder.machine === own.machine && holder.host === own.host && holder.space === own.space;
}

/** See proc(5), /proc/pid/stat: state and start are fields 3 and 22; null where there is no such thing. */
async function processStat(
  pid: string,
): Promise<{ readonly state: string; readonly started: string } | null> {
  const text = await textOf(() => readFile(`/proc/${pid}/stat`, "utf8"));
  // The second field is the program's name in parentheses, and may contain anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, started] = [fields[0], fields[19]];
  return state === undefined || started === undefined ? null : { state, started };
}

async function textOf(read: () => Promise<string>): Promise<string> {
  try {
    return (await read()).trim();
  } catch {
    return "";
  }
}
