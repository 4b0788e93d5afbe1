/** The bodies of the service. Names of members are those of the log's entries. */
import { any, choice, flag, integer, list, may, must, nullable, object, type Shape, text } from "./shape.ts";

const NAME_MAX = 256;
const REASON_MAX = 4_096;
/** As large as a signed document with its signatures may be. */
const ENVELOPE_MAX = 256 * 1024;
const TIME_MAX = Number.MAX_SAFE_INTEGER;

const id = text(64);
const time = integer(0, TIME_MAX);
const digest = text(71);
const verdict = choice("allow", "hold", "deny", "quarantine", "terminate");

const party = object({
  type: must(text(NAME_MAX), "its entity type in the policy"),
  id: must(text(NAME_MAX), "its id"),
});

const place = nullable(
  object({
    origin: must(text(NAME_MAX), "the log's name"),
    index: must(integer(0, TIME_MAX), "the entry's number"),
    leaf: must(digest, "the hash of its leaf"),
  }),
);

const obligations = list(
  object({
    name: must(text(NAME_MAX), "as the policy calls it"),
    when: must(choice("before", "after", "advice"), "when it is due"),
    arguments: must(any, "by name"),
  }),
);

/** What a request to a policy is made of. */
const ASKED = {
  action: must(text(NAME_MAX), "the action, as the policy calls it"),
  fields: must(any, "its fields, by name"),
  entities: may(any, "what the request carries, as the policy declares it"),
  request_id: may(nullable(text(NAME_MAX)), "what the caller calls the request"),
};

export const QUESTION: Shape = object(ASKED);

/** What every answer of a policy says. */
const SAID = {
  id: must(nullable(id), "of its entry in the log"),
  verdict: must(verdict, "only `allow` permits"),
  code: must(text(64), "why, for programs"),
  rules: must(list(text(NAME_MAX)), "that fired"),
  reasons: must(list(text(REASON_MAX)), "why, for people"),
  request: must(nullable(digest), "the digest of the request"),
  entry: must(place, "where it is in the log; null where it is written behind the answer"),
};

export const DECISION: Shape = object({
  ...SAID,
  notes: must(list(text(REASON_MAX)), "for people"),
  obligations: must(obligations, "what goes with it"),
  fields: must(
    nullable(any),
    "what was judged: execute nothing else; null where nothing may happen, or not yet",
  ),
  contained: must(list(party), "whom this verdict holds from now on, until a signed release"),
});

export const BEGINNING: Shape = object({
  agent: must(party, "who acts"),
  purpose: may(nullable(text(1_024)), "what for"),
  parent: may(nullable(id), "the live execution that hands its authority on"),
  zone: may(nullable(text(NAME_MAX)), "where it runs"),
  attestation: may(nullable(text(ENVELOPE_MAX)), "a DSSE envelope about what runs"),
  lease_ms: may(integer(1, 86_400_000), "for how long it may go on without being judged again"),
});

export const EXECUTION: Shape = object({
  id: must(id, "of the execution"),
  agent: must(party, "who acts"),
  parent: must(nullable(id), "the execution behind it"),
  status: must(choice("live", "aborted", "ended"), "how it stands"),
  abort: must(
    nullable(object({ code: must(text(64), "why"), message: must(text(REASON_MAX), "why") })),
    "why it was stopped",
  ),
});

export const STEP: Shape = object({
  ...ASKED,
  retries: may(nullable(id), "the id of the decision that this one tries again"),
});

const rule = object({
  rule: must(text(NAME_MAX), "that holds"),
  because: must(nullable(text(REASON_MAX)), "why"),
  approvers: must(party, "the group that approves"),
  quorum: must(integer(1, 16), "how many of them"),
  within_ms: must(integer(1, TIME_MAX), "how long there is"),
});

const pending = object({
  id: must(id, "of what waits"),
  execution: must(id, "whose step it is"),
  action: must(text(NAME_MAX), "of the step"),
  request_digest: must(digest, "what approvers sign"),
  request: must(text(1 << 20), "its canonical JSON"),
  rules: must(list(rule), "those that hold"),
  asked_at: must(time, "milliseconds since 1970"),
  expires_at: must(time, "from then on it is refused"),
  given: must(
    list(
      object({
        approver: must(party, "who"),
        decision: must(choice("approved", "rejected"), "what"),
        given_at: must(time, "when"),
      }),
    ),
    "answers until now",
  ),
});

export const STEP_ANSWER: Shape = object({
  ...SAID,
  step: must(nullable(id), "what its outcome is reported by; null where there is no grant"),
  grant: must(
    nullable(
      object({
        fields: must(any, "execute these and nothing else"),
        advice: must(obligations, "may be ignored"),
      }),
    ),
    "null: nothing may happen",
  ),
  pending: must(nullable(pending), "of what is held: what has to be approved"),
});

export const PENDING_LIST: Shape = object({ approvals: must(list(pending), "oldest first") });

export const OWED_LIST: Shape = object({
  obligations: must(
    list(
      object({
        decision: must(id, "that imposes it"),
        execution: must(id, "whose step it was"),
        action: must(text(NAME_MAX), "of the step"),
        name: must(text(NAME_MAX), "as the policy calls it"),
        arguments: must(any, "by name"),
        attempts: must(integer(0, TIME_MAX), "since this service began"),
        problem: must(nullable(text(REASON_MAX)), "why the last attempt failed"),
      }),
    ),
    "not done yet",
  ),
});

export const OUTCOME: Shape = object({
  step: must(id, "as its answer says"),
  status: must(choice("succeeded", "failed"), "what came of it"),
  note: may(nullable(text(1_024)), "for people"),
});

export const ENDING: Shape = object({
  status: must(choice("succeeded", "failed", "abandoned"), "how it ended"),
});

export const NOTICE: Shape = object({
  id: must(id, "of the execution"),
  is_over: must(flag, "it is ended or aborted; false: ask again"),
  abort: must(
    nullable(object({ code: must(text(64), "why"), message: must(text(REASON_MAX), "why") })),
    "why it was stopped",
  ),
});

export const ENVELOPE: Shape = object({
  envelope: must(text(ENVELOPE_MAX), "a DSSE envelope, as text"),
});

export const ENTRY: Shape = object({
  entry: must(nullable(id), "the id of what was written down; null where nothing was"),
});

export const HEALTH: Shape = object({
  ok: must(flag, "true, or what is wrong is in `reason`"),
  reason: must(nullable(text(REASON_MAX)), "what is wrong"),
});
