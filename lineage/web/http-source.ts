/** The files of a log over HTTP, as any web server gives them; in browsers and in Node. */
import { LogError } from "../store.ts";
import { type TileSource, tooLong } from "../tile-source.ts";

export interface HttpSourceOptions {
  /** How long one file may take, in milliseconds (default: 20,000). */
  readonly timeoutMs?: number;
  /** In place of the platform's. */
  readonly fetch?: typeof fetch;
}

const TIMEOUT_USUAL_MS = 20_000;
/** Answers that mean that there is no such file. */
const ABSENT: ReadonlySet<number> = new Set([404, 410]);

/**
 * The log at `url`, an `http:` or `https:` address without query and fragment. Redirections are refused, so
 * nobody can send the reader to another place. A RangeError means that the address is none.
 */
export function httpSource(url: string, options: HttpSourceOptions = {}): TileSource {
  const base = baseOf(url);
  if (base === null) throw new RangeError(`no address of a log: ${url}`);
  const { timeoutMs = TIMEOUT_USUAL_MS, fetch: ask = fetch } = options;
  return {
    name: base,
    read: async (path, bytesMax) => {
      try {
        const signal = AbortSignal.timeout(timeoutMs);
        const response = await ask(`${base}${path}`, { redirect: "manual", signal });
        return await bodyOf(response, path, bytesMax);
      } catch (error) {
        throw unreachable(error, path, base, timeoutMs);
      }
    },
  };
}

/** With a slash at its end; null for what is no address of a log. */
function baseOf(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { protocol, search, hash, href, username, password } = new URL(url);
  if ((protocol !== "http:" && protocol !== "https:") || search !== "" || hash !== "") return null;
  if (username !== "" || password !== "") return null;
  return href.endsWith("/") ? href : `${href}/`;
}

async function bodyOf(response: Response, path: string, bytesMax: number): Promise<Uint8Array | null> {
  if (response.status !== 200) {
    await response.body?.cancel();
    if (ABSENT.has(response.status)) return null;
    // A browser hides where a redirection leads, and its status.
    const isElsewhere = response.type === "opaqueredirect" || Math.floor(response.status / 100) === 3;
    const message = isElsewhere
      ? "the server points to another place, and nobody is followed: give the address itself"
      : `the server answered ${response.status}: try again later, or ask whoever keeps the log`;
    throw new LogError("log.unreachable", message, { file: path });
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) {
    size += read.value.length;
    if (size > bytesMax) {
      await reader?.cancel();
      throw tooLong(path, bytesMax);
    }
    chunks.push(read.value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function unreachable(error: unknown, path: string, base: string, timeoutMs: number): LogError {
  if (error instanceof LogError) return error;
  const isLate = error instanceof Error && error.name === "TimeoutError";
  const detail = isLate ? `no answer within ${timeoutMs} ms` : detailOf(error);
  const message = `${base} cannot be reached: ${detail}; check the address, or try again later`;
  return new LogError("log.unreachable", message, { file: path });
}

/** `fetch` says no more than that it failed; its cause says why. */
function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return "what was thrown is no error";
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
  return cause.message === "" ? code || error.message : cause.message;
}
