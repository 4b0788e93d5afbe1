/** What a host is given to load, as bytes of our own. */
import { isBytes } from "./hash.ts";
import type { LoadCode } from "./load-refusal.ts";
import type { SignatureCode } from "./signed-evaluator.ts";
import type { EvaluatorStatement } from "./statement.ts";

/**
 * Facts that were built already, as `pol facts build` writes them. They are not copied, so that any number of
 * threads may load them out of one SharedArrayBuffer; whoever gives them leaves them as they are.
 */
export interface BuiltFacts {
  readonly block: Uint8Array;
}

/** The bytes or the text of a JSON file, the bytes of a built one, or built ones in place. */
export type FactsSource = Uint8Array | string | BuiltFacts;

export interface Replacement {
  /** Left out: the evaluator stays. */
  readonly wasm?: Uint8Array;
  /** The evaluator's DSSE envelope, as the bytes or the text of its file; without `wasm` a renewed one. */
  readonly envelope?: Uint8Array | string;
  /** When the envelope is judged, milliseconds since 1970. */
  readonly now?: number;
  /** Left out: the facts stay. */
  readonly facts?: FactsSource;
  /** The evaluator's name, `sha256:` and 64 hex digits: another one is refused. */
  readonly expect?: string;
}

/** From JavaScript anything may arrive as an envelope or a time; who admits decides what that means. */
export interface Given {
  readonly wasm: Uint8Array<ArrayBuffer> | undefined;
  readonly envelope: Uint8Array | string | undefined;
  readonly now: unknown;
  readonly facts: FactsSource | undefined;
  readonly expect: string | undefined;
}

/** `fromMs <= now < untilMs`, as it is signed. */
export interface SignedValidity {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Whether this evaluator may come in; the statement is null where none was asked for. */
export type Admit = (
  name: string,
  given: Given,
) =>
  | {
      readonly ok: true;
      readonly statement: EvaluatorStatement | null;
      /** Where there is no statement: for how long the evaluator may be used, if not for ever. */
      readonly validity?: SignedValidity;
    }
  | { readonly ok: false; readonly code: SignatureCode | LoadCode; readonly message: string };

/** Copies, since nobody may change the bytes while they are judged. */
export function givenOf(replacement: Replacement | null | undefined): Given {
  const { wasm, envelope, now, facts, expect } = replacement ?? {};
  return {
    wasm: wasm === undefined ? undefined : bytesOf(wasm),
    envelope: copyOf(envelope),
    now,
    facts: factsOf(facts),
    expect,
  };
}

/**
 * What is no Uint8Array becomes no bytes, and is then no WebAssembly. Only the constructor copies, which asks
 * no method of what it is given: a `slice` could answer with memory that another thread still writes.
 */
function bytesOf(wasm: unknown): Uint8Array<ArrayBuffer> {
  const view = wasm instanceof ArrayBuffer ? new Uint8Array(wasm) : wasm;
  return isBytes(view) ? new Uint8Array(view) : new Uint8Array(0);
}

/** Anything may arrive; what is nothing of all this is refused when it is read. */
function factsOf(facts: FactsSource | undefined): FactsSource | undefined {
  if (typeof facts !== "object" || facts === null || isBytes(facts))
    return copyOf(facts as string | undefined);
  const { block } = facts;
  return { block };
}

function copyOf(content: Uint8Array | string | undefined): Uint8Array | string | undefined {
  return isBytes(content) ? new Uint8Array(content) : content;
}
