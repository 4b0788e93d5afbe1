/** On what the figures were found: without it they say little. */
import { cpus, loadavg, release, totalmem, type } from "node:os";

export function describeMachine(): string {
  const processors = `${cpus().length} x ${cpus()[0]?.model.trim() ?? "unknown processor"}`;
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`;
  const node = `Node ${process.version} (V8 ${process.versions.v8})`;
  const busy = `load ${(loadavg()[0] ?? 0).toFixed(1)} at the start`;
  return [processors, memory, `${type()} ${release()}`, node, busy].join(", ");
}
