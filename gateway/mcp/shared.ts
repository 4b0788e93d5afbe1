/** What all parts of a session have in common. */
import type { Execution, Governor } from "@polity/governor/governor.ts";
import type { Sha256 } from "@polity/runtime/hash.ts";
import type { AcceptedTools } from "./accepted-tools.ts";
import type { Calls, Reply } from "./calls.ts";
import { refusal } from "./denial.ts";
import type { Json, Message, MessageId } from "./message.ts";
import type { Pins } from "./pins.ts";
import type { Upstream, UpstreamEvents } from "./upstream.ts";
import type { UpstreamCode } from "./upstream-codes.ts";

/** What policies say of an action. */
export interface Catalog {
  /** Whether it takes `call`, which the gateway fills in. */
  readonly takesCall: (action: string) => boolean;
  /** False only where nothing can ever grant it: no rule that allows is on it. */
  readonly isGrantable: (action: string) => boolean;
}

export type ToClient = (message: Message) => void;

export interface SessionOptions {
  readonly governor: Pick<Governor, "approvals" | "release">;
  readonly execution: Execution;
  /** What policies call the server. */
  readonly server: string;
  readonly catalog: Catalog;
  readonly pins: Pins | null;
  readonly sha256: Sha256;
  readonly connect: (events: UpstreamEvents) => Upstream;
  /** What answers nothing that the client has asked, and all else where nothing takes answers. */
  readonly toClient: ToClient;
  /** What may be asked at all, whatever policies say; left out: anything. */
  readonly mayAsk?: (action: string) => boolean;
  /** Whether its governor is closed with it: then what is held waits for the next session of this agent. */
  readonly governorCloses?: () => boolean;
  /** For whoever runs the gateway; it may quote what others said. */
  readonly log: (line: string) => void;
}

export interface Shared extends SessionOptions {
  readonly tools: AcceptedTools;
  readonly upstream: Upstream;
  readonly toServer: Calls;
  readonly fromClient: Calls;
  readonly active: Map<MessageId, Active>;
  /** Lists all tools of the server anew. */
  readonly relist: () => Promise<string | null>;
  /** The last listing. */
  readonly listed: () => Promise<string | null>;
  /** Held calls by what they are: the id of what waits for approval. */
  readonly held: Map<string, string>;
  /** Whether the client has initialized the session, or is about to. */
  readonly greeting: { isTaken: boolean };
  /** The id of its entry; null where there is none. */
  readonly note: (attempt: Attempt) => Promise<string | null>;
  /** Asks the governor; whoever asks faster than it answers is `pressed`. */
  readonly ask: Execution["authorize"];
  readonly pressed: () => Promise<void> | null;
  /** Counts what the server tries that is an entry each; false where it is too much, and ends the session. */
  readonly mayTry: () => boolean;
  readonly fail: (why: string, code: ClosedCode) => void;
}

/** A request of the client that is not answered yet. */
export interface Active {
  /** As the server knows it; null while it is not sent on. */
  upstreamId: number | null;
  isCancelled: boolean;
  readonly progressToken: MessageId | null;
  readonly answer: ToClient;
}

/** Why a session was closed before anybody wanted its end: then its execution has failed. */
export type ClosedCode = UpstreamCode | "mcp.malformed" | "mcp.too_large" | "mcp.unread" | "mcp.unasked";

type Named<Code> = Code extends `upstream.${infer Name}` ? `mcp_upstream_${Name}` : never;
type UpstreamAttempt = Named<UpstreamCode>;

/** What the end of a session is called in the log; null where what led to it is there already. */
export function attemptOf(code: ClosedCode): Attempt | null {
  if (code === "mcp.unread") return "mcp_unread";
  if (!code.startsWith("upstream.")) return null;
  return `mcp_${code.replace(".", "_")}` as UpstreamAttempt;
}

/** What was tried and is no call: as an action that is refused, in the log like all others. */
export type Attempt =
  | "mcp_malformed"
  | "mcp_too_large"
  | "mcp_unknown_method"
  | "mcp_unknown_tool"
  | "mcp_changed_tool"
  | "mcp_replayed_id"
  | "mcp_unasked_answer"
  | "mcp_too_many"
  | "mcp_key_scope"
  | "mcp_unread"
  | UpstreamAttempt
  | "mcp_unknown_session";

/** Sends a request on and waits for its answer. */
export async function forward(
  shared: Shared,
  method: string,
  params: Json | null,
  own: Active,
): Promise<Reply> {
  if (own.isCancelled) return { error: refusal("mcp.cancelled") };
  const sent = shared.toServer.send(method, params);
  if (sent === null) return { error: refusal("mcp.too_many") };
  own.upstreamId = sent.id;
  return sent.reply;
}
