/** Why a server has not answered, or is spoken to no more, and what becomes of that. */

export const UPSTREAM_CODES = {
  "upstream.unreachable": { ends: "the request", says: "there is no connection to the server" },
  "upstream.unauthorized": { ends: "the request", says: "the server does not take what it was shown" },
  "upstream.token": { ends: "the request", says: "the file of the token is of no use" },
  "upstream.status": { ends: "the request", says: "the server answers with a status that is no answer" },
  "upstream.cut": { ends: "the request", says: "the connection ended before the answer" },
  "upstream.late": { ends: "the request", says: "no answer in time" },
  "upstream.untrusted": { ends: "the session", says: "its certificate is not to be trusted" },
  "upstream.redirect": { ends: "the session", says: "the server sends us elsewhere, where nobody goes" },
  "upstream.session": { ends: "the session", says: "the server knows its session no more" },
  "upstream.content_type": { ends: "the session", says: "the server answers in a form that is none" },
  "upstream.malformed": { ends: "the session", says: "the server answers with what is no message" },
  "upstream.too_large": { ends: "the session", says: "the server's messages are too large" },
  "upstream.refused": { ends: "the session", says: "the server answers `initialize` with an error" },
  "upstream.ended": { ends: "the session", says: "the server has ended, or could not be started" },
  "upstream.flood": { ends: "the session", says: "the server asks for more than anybody could look at" },
  "upstream.backlog": { ends: "the session", says: "the server does not take what it is sent" },
} as const;

export type UpstreamCode = keyof typeof UPSTREAM_CODES;

export interface UpstreamFailure {
  readonly code: UpstreamCode;
  /** Without anything that the server has written, and without what it was shown. */
  readonly message: string;
}

export function upstreamFailure(code: UpstreamCode, more = ""): UpstreamFailure {
  return { code, message: `${UPSTREAM_CODES[code].says}${more === "" ? "" : `: ${more}`}` };
}

export function endsSession({ code }: UpstreamFailure): boolean {
  return UPSTREAM_CODES[code].ends === "the session";
}
