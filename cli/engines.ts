/** What answers requests: the reference semantics or a compiled evaluator, behind one face. */
import type { Checked } from "@polity/compiler/checked.ts";
import { loadFacts } from "@polity/compiler/interpret/facts.ts";
import { answerCounting, interpretCounting } from "@polity/compiler/interpret/interpret.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Header } from "@polity/runtime/header.ts";
import { type Host, outcomeOf } from "@polity/runtime/index.ts";
import { canonicalJson, parseJson } from "@polity/runtime/json.ts";
import type { Builder } from "./builder.ts";
import type { Judgement } from "./decision.ts";
import { failure } from "./failure.ts";
import { nameOf, utf8Text } from "./read-file.ts";
import { requestNamer } from "./request-digest.ts";
import { visible } from "./words.ts";

export type EngineName = "reference" | "wasm";

export interface Engine {
  readonly engine: EngineName;
  /** Facts are the bytes of a file, or JSON's values; they are refused whole or taken whole. */
  readonly load: (facts: unknown) => Promise<Ready | { readonly refusal: FactsRefusal }>;
}

export interface Ready {
  readonly decide: (request: EngineRequest) => Judgement;
  /** What the file itself says, of which `decide` is what that is worth alone: they differ for a guard. */
  readonly answer: (request: EngineRequest) => Judgement;
}

export interface EngineRequest {
  readonly action: string;
  readonly fields: unknown;
  /** What the request carries; undefined: nothing. */
  readonly entities?: unknown;
  readonly header: Header;
}

export interface FactsRefusal {
  readonly code: string;
  readonly message: string;
  readonly entity: { readonly type: string; readonly id: string } | null;
}

/** Ready to load facts; builds where a compiled evaluator is asked for. */
export async function openEngine(engine: EngineName, checked: Checked, builder: Builder): Promise<Engine> {
  if (engine === "reference") return referenceEngine(checked);
  return wasmEngine((await builder.build(checked)).wasm);
}

export function referenceEngine(checked: Checked): Engine {
  const nameRequest = requestNamer(checked.types, checked.actions);
  return {
    engine: "reference",
    load: async (facts) => {
      const read = factsJson(facts);
      const loaded = "refusal" in read ? read : loadFacts(checked, read.json);
      if ("refusal" in loaded) return loaded;
      const askBy = (engine: typeof interpretCounting) => (request: EngineRequest) => {
        const named = nameRequest(request.action, request.fields, request.entities);
        const asked = { ...request, digest: named.ok ? named.digest : null };
        const { outcome, rulesTotal, errorsTotal } = engine(checked, loaded.facts, asked);
        return { ...outcome, rulesTotal, errorsTotal };
      };
      return { decide: askBy(interpretCounting), answer: askBy(answerCounting) };
    },
  };
}

function wasmEngine(wasm: Uint8Array): Engine {
  return {
    engine: "wasm",
    load: async (facts) => {
      const bytes = facts instanceof Uint8Array ? facts : canonicalJson(facts);
      const loaded = await loadUnsigned(wasm, { facts: bytes, obligations: "any" });
      if (!loaded.ok) return { refusal: loaded };
      const { host } = loaded;
      return { decide: askWith(host.decide), answer: askWith(host.answer) };
    },
  };
}

export function askWith(ask: Host["decide"]): Ready["decide"] {
  return ({ action, fields, header, entities }) => {
    const decision = ask(action, fields, header, entities);
    const { rulesTotal, errorsTotal } = decision;
    return { ...outcomeOf(decision), rulesTotal, errorsTotal };
  };
}

export function factsJson(facts: unknown): { readonly json: unknown } | { readonly refusal: FactsRefusal } {
  if (!(facts instanceof Uint8Array)) return { json: facts };
  const text = utf8Text(facts);
  const parsed = text === null ? NOT_TEXT : parseJson(text);
  if (parsed.ok) return { json: parsed.value };
  const message = `${parsed.message} at ${parsed.offset}`;
  return { refusal: { code: "facts.invalid", message, entity: null } };
}

const NOT_TEXT = { ok: false, message: "not UTF-8 text", offset: 0 } as const;

/** A facts file that an engine does not take; `path` is null where none is named. */
export function refusedFacts(path: string | null, refusal: FactsRefusal): Error {
  const name = path === null ? "a snapshot without entities" : nameOf(path);
  const hint = path === null ? "name one with --facts" : null;
  return failure(`${name} is refused: ${refusalText(refusal)}`, hint);
}

/** `facts.unknown_parent: a parent is not in the snapshot (User::"ada")` */
export function refusalText({ code, message, entity }: FactsRefusal): string {
  const name = entity === null ? "" : `${entity.type}::${JSON.stringify(entity.id)}`;
  return visible(message.includes(name) ? `${code}: ${message}` : `${code}: ${message} (${name})`);
}
