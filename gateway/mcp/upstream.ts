/** Whatever is behind the gateway: a server that is started, or one that is asked over HTTP. */
import type { Message } from "./message.ts";
import type { UpstreamCode } from "./upstream-codes.ts";

/** What a server answers may be a picture. */
export const SERVER_MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** What waits for a server that does not read. */
export const SERVER_BACKLOG_BYTES_MAX = 16 * 1024 * 1024;

export interface UpstreamEvents {
  readonly message: (message: Message) => void;
  /** Until then nothing more is read of what the server says; null where it may go on. */
  readonly pressed: () => Promise<void> | null;
  /**
   * Once, and not before `connect` has answered; nothing comes after it. `why` is for people, `code` for
   * programs, where there is one.
   */
  readonly closed: (why: string, code?: UpstreamCode) => void;
}

export interface Upstream {
  readonly send: (message: Message) => void;
  /** Ends it; `closed` is still told. */
  readonly close: () => Promise<void>;
}
