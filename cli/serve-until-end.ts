/** Answering over HTTP until a signal ends the process. */
import type { Api } from "@polity/gateway/http/open-api.ts";
import { type ServeOptions, serveApi } from "@polity/gateway/http/server.ts";
import { beforeEnd } from "./ending.ts";
import { type Invocation, usage } from "./invocation.ts";
import { listenFailure, type Place } from "./listen-option.ts";
import { connectionsMax } from "./open-files.ts";

interface Serving extends Pick<ServeOptions, "tls" | "onAnswer"> {
  readonly api: Api;
  readonly place: Place;
  /** Told once it listens. */
  readonly onListening: (url: string) => Promise<void>;
  /** What is behind it: closed once everything that is under way is answered, or nothing can be. */
  readonly close: () => Promise<void>;
}

export async function serveUntilEnd(
  { command, switches }: Invocation,
  { api, place, onListening, close, ...options }: Serving,
): Promise<void> {
  const allowPlain = switches.has("plain");
  const bounds = { allowPlain, connectionsMax: connectionsMax() };
  const server = await serveApi(api, { ...place, ...options, ...bounds }).catch(async (error: unknown) => {
    await close();
    if (!(error instanceof RangeError)) throw listenFailure(place, error);
    throw usage(command, error.message, "--tls-cert and --tls-key, or --plain behind a proxy");
  });
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  beforeEnd(async () => {
    await server.close();
    await close();
    end();
  });
  await onListening(server.url);
  await ended;
}
