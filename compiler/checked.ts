/**
 * The program as it means: names resolved, types known, narrowing proved. Only `2-check` makes one, and only
 * without errors; lowering and the reference interpreter take nothing else.
 *
 * A rule is checked once for each action it is on, since a field may differ in type between actions: a
 * `Rule` has one `Case` for each.
 */
import type { Field, Type, Types } from "@polity/runtime/layout.ts";
import type { Phase, Verdict } from "./ast.ts";
import type { Automaton, Pattern } from "./pattern.ts";
import type { Source, Span } from "./source.ts";
import type { Zone } from "./zones.ts";

export interface Checked {
  readonly source: Source;
  /** A guard has no `allow` and lets pass what it does not restrict. */
  readonly kind: "policy" | "guard";
  readonly policy: { readonly name: string; readonly version: bigint };
  /** `from <= now < until`, in milliseconds. */
  readonly valid: { readonly fromMs: bigint; readonly untilMs: bigint } | null;
  readonly containmentAgeMs: bigint;
  readonly types: Types;
  /** The shared field that names who acts. */
  readonly subject: { readonly field: string; readonly entity: string } | null;
  /** Sorted by name. Rules on all actions also judge `others`: `*`, with the shared fields. */
  readonly actions: readonly Action[];
  readonly others: { readonly action: Action; readonly cases: ReadonlyMap<string, Case> } | null;
  /** Sorted by name. */
  readonly obligations: readonly Obligation[];
  /** Sorted by name: a rule's index here is its id everywhere. */
  readonly rules: readonly Rule[];
  readonly readsTrust: boolean;
  /** Some rule asks for the time in a zone by its name. */
  readonly readsZones: boolean;
  /** Every entity literal of the rules, sorted by type, then id in UTF-8 bytes: facts must hold them all. */
  readonly entityLiterals: readonly EntityValue[];
  readonly tests: readonly Test[];
}

export interface Action {
  readonly name: string;
  /** Of the name, where it is declared. */
  readonly span: Span;
  /** All declared and shared fields (subject included), sorted by name. */
  readonly fields: readonly ActionField[];
}

export interface ActionField extends Field {
  /**
   * In the frame: some rule of the action reads it, or its type contains an entity (which must exist) or
   * shaped text (which the module parses at the door).
   */
  readonly read: boolean;
  /** Measured or verified by the host, or claimed by the agent; not there where nobody said. */
  readonly from?: Provenance;
}

export type Provenance = "host" | "agent";

/** What a host must do with a decision, or with `advice` may do. */
export interface Obligation {
  readonly name: string;
  readonly phase: Phase;
  /** Sorted by name. */
  readonly parameters: readonly Field[];
}

export interface Rule {
  readonly name: string;
  readonly verdict: Verdict;
  readonly span: Span;
  /** Sorted by action name. */
  readonly cases: readonly Case[];
  readonly absentOk: readonly { readonly path: string; readonly why: string }[];
  /** Its result is reported and never counts. */
  readonly shadow: boolean;
  /** Sorted by name. */
  readonly tags: readonly { readonly name: string; readonly args: readonly string[] }[];
}

export interface Case {
  readonly action: string;
  /** `null`: the clause is not written. Both null: `always`. The rule fires if `when and not unless`. */
  readonly when: Expr | null;
  readonly unless: Expr | null;
  readonly approval: Approval | null;
  readonly because: Template | null;
  readonly note: Template | null;
  /** In the order in which they are written, which is the order of evaluation. */
  readonly obliges: readonly Oblige[];
  readonly witness: Witness | null;
}

/**
 * `for any c in xs, ys`: `when` says whether some member satisfies `condition` (there is no `unless`); the
 * first that does, of `xs`, then `ys`, is what the variable `id` stands for in templates.
 */
export interface Witness {
  readonly variable: string;
  readonly id: number;
  /** Lists or sets of one type of members. */
  readonly overs: readonly Expr[];
  readonly condition: Expr;
}

export interface Oblige {
  readonly obligation: string;
  /** In the order in which they are written; an optional parameter without one is absent. */
  readonly args: readonly Argument[];
}

export interface Argument {
  readonly name: string;
  /** As declared. */
  readonly type: Type;
  /** Of that type, ranges and bounds apart; optional only where `type` is, and then it always fits. */
  readonly value: Expr;
  /** The type of `value` excludes whatever is outside the declared one. */
  readonly fits: boolean;
}

export interface Approval {
  readonly count: number;
  /** Of entity type. */
  readonly group: Expr;
  readonly withinMs: bigint;
}

/** Hole expressions have any type but record, collection and optional. */
export interface Template {
  readonly parts: readonly (
    | { readonly kind: "text"; readonly text: string }
    | { readonly kind: "hole"; readonly expr: Expr }
  )[];
}

// ---- values

export interface EntityValue {
  readonly type: string;
  readonly id: string;
  /** A `ref`: the facts may lack the entity. */
  readonly isRef?: true;
}

/**
 * bool: boolean · int, decimal (scaled), timestamp, duration (ms): bigint ·
 * string, path and other shaped text (canonical): string · enum: { member } · entity, ref: { type, id } ·
 * record: Map by field ·
 * list and set: array · map: { entries } by key, in the order of UTF-8 bytes · an entry of a map: a record of
 * `key` and `value` · absent: undefined.
 * Sets are sorted in canonical order (docs/abi.md, "Order") and have no duplicates.
 */
export type Value =
  | boolean
  | bigint
  | string
  | { readonly member: number }
  | EntityValue
  | ReadonlyMap<string, Value>
  | readonly Value[]
  | { readonly entries: ReadonlyMap<string, Value> }
  | JsonDocument
  | undefined;

/** `text` is canonical. */
export interface JsonDocument {
  readonly document: JsonValue;
  readonly text: string;
}

type JsonScalar = null | boolean | bigint | string;
export type JsonValue = JsonScalar | readonly JsonValue[] | ReadonlyMap<string, JsonValue>;

// ---- expressions

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%";

export type LocalPart = "year" | "month" | "day" | "hour" | "minute" | "second" | "weekday";

export type Place =
  /** Seconds east of UTC. */
  { readonly kind: "offset"; readonly seconds: number } | { readonly kind: "zone"; readonly zone: Zone };

interface Typed {
  readonly type: Type;
  readonly span: Span;
  /** Statically: evaluating this, or any part of it, may end in an error (overflow, divide). */
  readonly mayErr: boolean;
}

export type Expr = Typed &
  (
    | { readonly kind: "literal"; readonly value: Value }
    /** A field of the request. */
    | { readonly kind: "field"; readonly name: string }
    | { readonly kind: "now" }
    | { readonly kind: "trust" }
    /** The row of a table with these values in the columns of the key: of an optional type. */
    | { readonly kind: "lookup"; readonly table: string; readonly keys: readonly Expr[] }
    /**
     * The rows with these values in the first columns of the key, in the order of the key: only a quantifier
     * goes over them. No value errs.
     */
    | { readonly kind: "rows"; readonly table: string; readonly prefix: readonly Expr[] }
    /** A setting, from the facts. */
    | { readonly kind: "setting"; readonly name: string }
    /** A quantifier's variable; `id` is unique within the case. */
    | { readonly kind: "variable"; readonly name: string; readonly id: number }
    /** Of an entity or record, the id of a ref, a part of shaped text; `of` is never optional. */
    | { readonly kind: "attribute"; readonly of: Expr; readonly name: string }
    /**
     * What stands at this path of a document, where it is of the wanted type: text, an integer, a decimal (an
     * integer, or text of that form), a bool, the number of members of an array, or anything but null.
     */
    | {
        readonly kind: "accessor";
        readonly op: "string" | "int" | "decimal" | "bool" | "size" | "has";
        readonly of: Expr;
        readonly path: readonly string[];
      }
    /** The value at a key of a map: of an optional type. */
    | { readonly kind: "at"; readonly of: Expr; readonly key: Expr }
    /** `of` has type `T?` and is known to be present here: the value inside. */
    | { readonly kind: "proved"; readonly of: Expr }
    /** `of` has an optional type. */
    | { readonly kind: "presence"; readonly of: Expr; readonly present: boolean }
    /** `of` is a `ref`: whether the facts have the entity. */
    | { readonly kind: "exists"; readonly of: Expr }
    /**
     * `of` is a `ref`, the value an entity: known to exist here, or `of` a `member` test, in which an entity
     * that does not exist is equal to no other.
     */
    | { readonly kind: "resolved"; readonly of: Expr }
    /** `of` is an entity, the value a `ref` to it. */
    | { readonly kind: "reference"; readonly of: Expr }
    /** `of` has an optional type, `otherwise` the type within. */
    | { readonly kind: "coalesce"; readonly of: Expr; readonly otherwise: Expr }
    /** `now - of`; an error where `of` is later than `now`. */
    | { readonly kind: "age"; readonly of: Expr }
    /** A part of a timestamp in the time of a place; `mayLeave`: it may be outside of the years 1 to 9999. */
    | {
        readonly kind: "local";
        readonly part: LocalPart;
        readonly of: Expr;
        readonly place: Place;
        readonly mayLeave: boolean;
      }
    /** `if`: only one of `value` and `otherwise` is evaluated. Both have one type, ranges apart. */
    | { readonly kind: "choose"; readonly condition: Expr; readonly value: Expr; readonly otherwise: Expr }
    | { readonly kind: "not"; readonly of: Expr }
    | { readonly kind: "and" | "or"; readonly left: Expr; readonly right: Expr }
    /** Both sides have one kind; ranges, bounds and `id` apart, the same type. Never optional. */
    | { readonly kind: "equal"; readonly negated: boolean; readonly left: Expr; readonly right: Expr }
    /** int, decimal, timestamp or duration. */
    | {
        readonly kind: "order";
        readonly op: "<" | "<=" | ">" | ">=";
        readonly left: Expr;
        readonly right: Expr;
      }
    /**
     * `meaning` names the row of the table: int and decimal as such; `duration`: duration ± % duration;
     * `shift`: timestamp ± duration (or duration + timestamp); `gap`: timestamp - timestamp;
     * `scale`: duration * int, int * duration or duration / int; `ratio`: duration / duration, an int.
     * `mayOverflow` is false where intervals prove it; a divisor that may be zero makes `mayErr` true too.
     */
    | {
        readonly kind: "arithmetic";
        readonly op: ArithmeticOperator;
        readonly meaning: "int" | "decimal" | "duration" | "shift" | "gap" | "scale" | "ratio";
        readonly left: Expr;
        readonly right: Expr;
        readonly mayOverflow: boolean;
        readonly mayDivideByZero: boolean;
      }
    /** int, decimal or duration. */
    | { readonly kind: "negate"; readonly of: Expr; readonly mayOverflow: boolean }
    /** `of` equals a member of `within` (a list or set of plain values), or `has` for entities. */
    | { readonly kind: "member"; readonly of: Expr; readonly within: Expr; readonly negated: boolean }
    /** Both ends included. Evaluated in the order of, from, to. */
    | {
        readonly kind: "between";
        readonly of: Expr;
        readonly from: Expr;
        readonly to: Expr;
        readonly negated: boolean;
      }
    /** The entity `of` is `group` or is below it. */
    | { readonly kind: "below"; readonly of: Expr; readonly group: Expr; readonly negated: boolean }
    /** The entity `of` is, or is below, at least one of the list or set `groups`. */
    | { readonly kind: "below_any"; readonly of: Expr; readonly groups: Expr; readonly negated: boolean }
    /** On strings; `pattern` is a literal or from facts. `like`: `*` is any text, `\*` and `\\` escape. */
    | {
        readonly kind: "text_test";
        readonly op: "starts_with" | "ends_with" | "like" | "contains";
        readonly of: Expr;
        readonly pattern: Expr;
      }
    /**
     * On strings: the whole of `of`, or any part of it. `automaton` decides what `op` and `pattern` mean, of
     * the whole text for both; `text` is the pattern as written.
     */
    | {
        readonly kind: "pattern_test";
        readonly op: "matches" | "contains";
        readonly of: Expr;
        readonly pattern: Pattern;
        readonly text: string;
        readonly automaton: Automaton;
      }
    /** On paths, segment by segment; a path is within itself. */
    | { readonly kind: "path_within"; readonly of: Expr; readonly base: Expr }
    /** On hosts, label by label; a host is within itself. */
    | { readonly kind: "host_within"; readonly of: Expr; readonly base: Expr }
    /**
     * The pattern or network `by`, or at least one of the list or set, covers the host or address `of`; `by`
     * is a literal or from facts.
     */
    | { readonly kind: "covered"; readonly of: Expr; readonly by: Expr; readonly negated: boolean }
    /** `all` and `any` stop at the first answer; `count` is an int in 0..max. Members in canonical order. */
    | {
        readonly kind: "quantifier";
        readonly op: "any" | "all" | "count";
        readonly variable: string;
        readonly id: number;
        readonly over: Expr;
        readonly body: Expr;
      }
    /**
     * Over numbers and times. The type of `min` and `max` over what may be empty is optional; the sum of
     * nothing is 0, and each partial sum is checked unless `mayOverflow` is false.
     */
    | {
        readonly kind: "aggregate";
        readonly op: "sum" | "min" | "max";
        readonly variable: string;
        readonly id: number;
        readonly over: Expr;
        readonly body: Expr;
        readonly mayOverflow: boolean;
      }
    /** How many members a list or set has: an int within its bounds. */
    | { readonly kind: "size"; readonly of: Expr }
    /** Both sides are sets of one type. */
    | {
        readonly kind: "sets";
        readonly op: "subset_of" | "overlaps" | "disjoint_from";
        readonly left: Expr;
        readonly right: Expr;
      }
  );

// ---- tests

/** One row of a test block, ready to run. Values are in the form that a request file has (JSON). */
export interface Test {
  readonly title: string;
  readonly span: Span;
  readonly action: string;
  readonly facts: TestFacts;
  /** As in a request's `entities`; empty where it carries none. */
  readonly carried: readonly TestEntity[];
  /** As in a request's `fields`. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly header: TestHeader;
  readonly expect: {
    /** `refused`: any of `deny`, `quarantine`, `terminate`. */
    readonly verdict: Verdict | "refused";
    /** Exactly the fired rules with that verdict, sorted; null: not said. */
    readonly rules: readonly string[] | null;
    readonly code: string | null;
  };
}

/** As a facts file says them: what is not there has no member. */
export interface TestFacts {
  readonly entities: readonly TestEntity[];
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly tables?: Readonly<Record<string, readonly unknown[]>>;
}

export interface TestEntity {
  readonly type: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly parents: readonly EntityValue[];
}

/** What a test may say of the header; the rest is free and current. `trust` is null where not given. */
export interface TestHeader {
  readonly nowMs: bigint;
  readonly trust: number | null;
  readonly containment: "free" | "quarantined" | "terminated";
  readonly approvals: readonly {
    readonly approver: EntityValue;
    readonly askedMs: bigint;
    readonly givenMs: bigint;
  }[];
}
