/** What is wrong first is the answer, also where JSON has no way to say it: with holes, for both engines. */
import { compile } from "@polity/compiler/pipeline.ts";
import { beforeAll, expect, test } from "vitest";
import { type BothEngines, openEngines } from "../support/both-engines.ts";

const SOURCE = `polity 1
policy unit.order version 1
entity Folder
entity Doc in Folder from request { n: int }
action read { doc: Doc?, about: json? }
allow all on read always
`;
const HEADER = {
  now: 0,
  policyFrom: 0,
  policyUntil: 0,
  factsUntil: 0,
  containment: { state: "free", readAt: 0 },
  trust: 0,
  approvals: [],
} as const;

let engines: BothEngines;

beforeAll(async () => {
  const { value } = compile({ file: "order.pol", text: SOURCE });
  const opened = await (await openEngines(value!))({ entities: [{ type: "Folder", id: "f" }] });
  if ("refused" in opened) throw new Error(opened.refused);
  engines = opened;
});

/** What both say of a request that carries these. */
function codeOf(entities: unknown, fields: unknown = {}): string {
  const { wasm, reference } = engines.ask({ action: "read", fields, entities, header: HEADER });
  expect(wasm).toEqual(reference);
  return wasm.code;
}

const DOC = { type: "Doc", id: "d", attributes: { n: 1 }, parents: [{ type: "Folder", id: "f" }] };
/** An array whose last place is empty. */
const holed = (...members: readonly unknown[]) => Object.assign([...members], { length: members.length + 1 });

test("entities, entity by entity", () => {
  expect(codeOf([DOC])).toBe("rule");
  expect(codeOf(holed(DOC))).toBe("input.invalid");
  expect(codeOf(holed({ id: "d" }))).toBe("input.missing");
  expect(codeOf(holed({ ...DOC, extra: 1 }))).toBe("input.unknown_field");
  const getter = Object.defineProperty([{ id: "d" }], 1, { get: () => DOC, enumerable: true });
  expect(codeOf(getter)).toBe("input.missing");
});

test("parents, one by one", () => {
  expect(codeOf([{ ...DOC, parents: holed(...DOC.parents) }])).toBe("input.invalid");
  expect(codeOf([{ ...DOC, parents: holed({ type: "Folder" }) }])).toBe("input.missing");
});

test("the members of a document, in the order of its text", () => {
  expect(codeOf([DOC], { about: holed("x".repeat(5_000)) })).toBe("input.too_large");
  expect(codeOf([DOC], { about: holed("x") })).toBe("input.invalid");
  const throwing = new Proxy(["x".repeat(5_000), 1], {
    getOwnPropertyDescriptor(target, key) {
      if (key === "1") throw new Error("a trap of a proxy");
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
  expect(codeOf([DOC], { about: throwing })).toBe("input.too_large");
});

test("an array that says it has billions of members is read as far as it is right", () => {
  expect(codeOf([DOC], { about: new Array(2 ** 32 - 1) })).toBe("input.invalid");
});
