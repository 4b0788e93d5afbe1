/** POL30xx: absence, and what the parts of a rule may say. */
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { didYouMean, error, listed } from "./message.ts";

/**
 * `path` as written, or null where the value is not a path and so cannot be proved present; `why` a proof
 * does not reach here, where one seems to be meant.
 */
export function unprovedOptional(span: Span, path: string | null, why: string | null): Diagnostic {
  return error(
    "POL3001",
    span,
    path === null ? "this value may be absent" : `\`${path}\` may be absent`,
    why ??
      (path === null
        ? "only a field and its attributes can be proved present"
        : `test it first with \`${path} is present and …\`, or give a default with \`${path} ?? …\``),
  );
}

export function neverAbsent(span: Span, what: "??" | "is present" | "is absent", type: string): Diagnostic {
  return error(
    "POL3002",
    span,
    `\`${what}\` needs a value that may be absent, and this \`${type}\` never is`,
  );
}

export function notAPath(span: Span): Diagnostic {
  return error("POL3003", span, "only a field and its attributes can be tested for absence");
}

/** In an allow. */
export function absenceGrants(span: Span, path: string): Diagnostic {
  return error(
    "POL3004",
    span,
    `leaving out \`${path}\` could grant what is refused with it`,
    `grant only what is present, or state \`@absent_ok(${path}, "why")\``,
  );
}

/** In a restricting rule. */
export function absenceEscapes(span: Span, path: string, verdict: string): Diagnostic {
  return error(
    "POL3005",
    span,
    `leaving out \`${path}\` could escape this \`${verdict}\``,
    `make the field required, use a default that restricts, or state \`@absent_ok(${path}, "why")\``,
  );
}

export function emptyGrants(span: Span, path: string | null): Diagnostic {
  const hint = path === null ? "" : `, or state \`@absent_ok(${path}, "why")\``;
  const what = path === null ? "this collection" : `\`${path}\``;
  return error(
    "POL3006",
    span,
    `${what} may be empty, and then this test loosens the answer`,
    `declare the collection with \`min 1\`${hint}`,
  );
}

export function absenceHidesError(span: Span, path: string): Diagnostic {
  return error(
    "POL3007",
    span,
    `this may end in an error that leaving out \`${path}\` avoids`,
    `an error denies: give the operands ranges that exclude it, or state \`@absent_ok(${path}, "why")\``,
  );
}

export function recordsWithOptionals(span: Span, record: string, field: string): Diagnostic {
  return error(
    "POL3008",
    span,
    `\`${record}\` has optional fields: leaving out \`${field}\` changes what is equal`,
    "compare the fields that matter",
  );
}

export function approversByAbsence(span: Span, path: string): Diagnostic {
  return error(
    "POL3009",
    span,
    `leaving out \`${path}\` would change who approves`,
    `name one group, or state \`@absent_ok(${path}, "why")\``,
  );
}

export function unknownAbsentOk(span: Span, path: string, suggestion: string | null): Diagnostic {
  return error("POL3010", span, `\`${path}\` is no path that this rule can read`, didYouMean(suggestion));
}

export function allowEverything(span: Span): Diagnostic {
  const hint = "write `on` and the actions";
  return error(
    "POL3011",
    span,
    "an `allow` names its actions: `on *` would grant whatever is added later",
    hint,
  );
}

export function needsSubject(span: Span, verdict: string): Diagnostic {
  const message = `\`${verdict}\` is about the subject, and no subject is declared`;
  return error("POL3012", span, message, "declare it: `subject agent: Agent`");
}

export function untilWithoutHold(span: Span, verdict: string): Diagnostic {
  return error("POL3013", span, `\`until approved\` belongs to \`hold\`, not to \`${verdict}\``);
}

export function wrongApproval(span: Span, what: string, from: string, to: string): Diagnostic {
  return error("POL3014", span, `${what} must be between ${from} and ${to}`);
}

export function wrongGroup(span: Span, found: string): Diagnostic {
  return error("POL3015", span, `approvals come from an entity and those below it, not from \`${found}\``);
}

export function becauseReads(span: Span, what: string): Diagnostic {
  return error(
    "POL3016",
    span,
    `\`because\` is shown to the caller and may not read ${what}`,
    "a `note` is for operators and may",
  );
}

export function wrongHole(span: Span, found: string): Diagnostic {
  return error("POL3017", span, `a value of type \`${found}\` cannot be shown in text`);
}

export function templateTooLong(span: Span, bytes: number, bytesMax: number): Diagnostic {
  return error("POL3018", span, `this text has ${bytes} bytes, at most ${bytesMax} are allowed`);
}

/** The field exists, but only in some of the rule's actions is it what the path says. */
export function absentOkNeverAbsent(span: Span, path: string, actions: readonly string[]): Diagnostic {
  return error("POL3019", span, `\`${path}\` is never absent or empty on ${listed(actions)}`);
}

export const codes: readonly string[] = [
  "POL3001",
  "POL3002",
  "POL3003",
  "POL3004",
  "POL3005",
  "POL3006",
  "POL3007",
  "POL3008",
  "POL3009",
  "POL3010",
  "POL3011",
  "POL3012",
  "POL3013",
  "POL3014",
  "POL3015",
  "POL3016",
  "POL3017",
  "POL3018",
  "POL3019",
];
