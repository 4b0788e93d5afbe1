/** `--listen HOST:PORT`, of commands that answer others. */
import { failure } from "./failure.ts";
import { type Invocation, usage } from "./invocation.ts";
import { quoted, visible } from "./words.ts";

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Fails where it is no address. */
export function listenOption({ command, values }: Invocation, usual: string): Place {
  const written = values.get("listen") ?? usual;
  const [, host = "", digits = ""] =
    /^(?:\[([^\]]*)\]|([^:]*)):([0-9]{1,5})$/.exec(written)?.filter(isThere) ?? [];
  if (host === "" || Number(digits) > 65_535) {
    throw usage(command, `--listen is HOST:PORT, such as ${usual} or [::1]:6962, not ${quoted(written)}`);
  }
  return { host, port: Number(digits) };
}

const isThere = (part: string | undefined): part is string => part !== undefined;

/** What the system says to listening there, as a sentence; any other error as it is. */
export function listenFailure({ host, port }: Place, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reasons: ReadonlyMap<string, string> = new Map([
    ["EADDRINUSE", "something else listens there"],
    ["EADDRNOTAVAIL", "no address of this machine"],
    ["EACCES", "permission denied"],
    ["ENOTFOUND", "no machine of this name"],
  ]);
  const reason = reasons.get(code);
  if (reason === undefined) return error;
  return failure(
    `cannot listen at ${visible(host)}:${port}: ${reason}`,
    "--listen HOST:PORT names another place",
  );
}
