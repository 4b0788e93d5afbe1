import { compile, formatSource } from "@polity/compiler/pipeline.ts";
import { findStd } from "@polity/compiler/std.ts";
import { readTools } from "@polity/gateway/mcp/definition.ts";
import { actionName, namesOf } from "@polity/gateway/mcp/names.ts";
import { decodePins, encodePins } from "@polity/gateway/mcp/pins.ts";
import { toArguments, toFields } from "@polity/gateway/mcp/wire.ts";
import { writePolicy } from "@polity/gateway/mcp/write-policy.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const toolsOf = (...tools: readonly unknown[]) => {
  const read = readTools({ tools }, nodeCrypto.sha256);
  if (!read.ok) throw new Error(read.message);
  return read.tools;
};

const tool = (name: string, properties: unknown, required: readonly string[] = [], more: object = {}) => ({
  name,
  inputSchema: { type: "object", properties, required, ...more },
});

function problems(tools: ReturnType<typeof toolsOf>): readonly unknown[] {
  const { text } = writePolicy("srv", tools);
  const laidOut = formatSource({ file: "x.pol", text });
  if (laidOut.value === null) return ["not laid out", text, ...laidOut.diagnostics];
  return compile({ file: "x.pol", text: laidOut.value }, findStd).diagnostics;
}

describe("a policy of tools", () => {
  test("compiles without a warning, whatever schemas say", () => {
    const tools = toolsOf(
      tool("get-sum", { a: { type: "number" }, b: { type: "integer", minimum: 1 } }, ["a", "b"]),
      tool("getSum", { and: { type: "string" }, agent: { type: "boolean" }, call: {}, "": {} }, ["and"]),
      tool("mcp_read_resource", { uri: { type: "string", format: "uri" } }),
      tool("test", { in: { enum: ["or", "not", "x"] }, now: { enum: ["a b"] }, n: { enum: [1, 2] } }),
      tool("nulls", {
        a: { type: ["string", "null"] },
        b: { anyOf: [{ type: "number" }, { type: "null" }] },
      }),
      tool("deep", { a: nested(20), l: { type: "array", items: { type: "array", items: {} } } }),
      tool("map", { m: { type: "object", additionalProperties: { type: "string" } }, o: { type: "object" } }),
      tool("ranges", {
        a: { type: "integer", minimum: -5, maximum: 5 },
        b: { type: "number", minimum: 0.5 },
      }),
      tool("odd", {
        a: { type: "integer", minimum: 9, maximum: 1 },
        b: { type: "number", maximum: 0.00001 },
      }),
      tool("ref", { a: { $ref: "#/$defs/a" }, b: { $ref: "#/$defs/b" }, c: { $ref: "http://x" } }, [], {
        $defs: { a: { type: "string", maxLength: 3 }, b: { $ref: "#/$defs/b" } },
      }),
      tool("paths", { path: { type: "string" }, otherPath: { type: "string" } }, ["path"]),
      tool("move", { source: { type: "string" }, destination: { type: "string" } }, [
        "source",
        "destination",
      ]),
      tool("many", { paths: { type: "array", items: { type: "string" }, minItems: 1 } }, ["paths"]),
      { name: "nothing", description: 'line\nof "text" \u202e with */ // marks' },
      { name: "9.9/a:b@c", inputSchema: null },
    );
    expect(problems(tools)).toEqual([]);
  });

  test("is the same for tools in any order", () => {
    const tools = toolsOf(tool("a-b", {}), tool("a_b", {}), tool("A b".replace(" ", "."), {}), tool("z", {}));
    expect(writePolicy("srv", [...tools].reverse())).toEqual(writePolicy("srv", tools));
    expect([...writePolicy("srv", tools).actions.values()].sort()).toEqual(["a_b", "a_b_2", "a_b_3", "z"]);
  });

  test("names no tool as the protocol's own actions", () => {
    expect(actionName("mcp-read-resource")).toBe("tool_mcp_read_resource");
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(actionName(text)).toMatch(/^(?!mcp_)[a-z_][a-z0-9_]*$/);
      }),
    );
  });

  test("of random schemas compiles too", () => {
    const schema = fc.letrec<{ schema: unknown }>((tie) => ({
      schema: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom(
          { type: "string" },
          { type: "number" },
          { type: "integer" },
          { type: "boolean" },
          true,
        ),
        fc.record({
          enum: fc.array(fc.oneof(fc.string(), fc.constantFrom("a", "b", "or")), { minLength: 1 }),
        }),
        fc.record({ type: fc.constant("array"), items: tie("schema") }),
        fc.record({
          type: fc.constant("object"),
          properties: fc.dictionary(fc.string(), tie("schema"), { maxKeys: 4 }),
        }),
        fc.record({ anyOf: fc.array(tie("schema"), { maxLength: 2 }) }),
      ),
    })).schema;
    const names = fc.string({ unit: fc.constantFrom(..."aAbB01-_./:@"), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.dictionary(names, fc.dictionary(fc.string(), schema, { maxKeys: 4 })), (given) => {
        const tools = toolsOf(...Object.entries(given).map(([name, of]) => tool(name, of, Object.keys(of))));
        if (tools.length > 0) expect(problems(tools)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

function nested(depth: number): unknown {
  return depth === 0 ? { type: "string" } : { type: "object", properties: { a: nested(depth - 1) } };
}

describe("what tools are called", () => {
  test.each([
    ["no list", {}],
    ["no name", { tools: [{}] }],
    ["other characters", { tools: [{ name: "a b" }] }],
    ["two of one name", { tools: [{ name: "a" }, { name: "a" }] }],
    ["too many", { tools: Array.from({ length: 1025 }, (_, at) => ({ name: `t${at}` })) }],
  ])("is refused: %s", (_, result) => {
    expect(readTools(result, nodeCrypto.sha256).ok).toBe(false);
  });

  test("any change of a definition is another digest", () => {
    const [first, second, third] = toolsOf(
      { name: "a", description: "one" },
      { name: "b", description: "one" },
      { name: "c", description: "one " },
    ).map(({ digest }) => digest);
    expect(new Set([first, second, third]).size).toBe(3);
    const [again] = toolsOf({ description: "one", name: "a" });
    expect(again?.digest).toBe(first);
  });

  test("names are given out in the order of the texts, not of their coming", () => {
    expect([...namesOf(["b-1", "b_1", "b.1"])].sort()).toEqual([...namesOf(["b.1", "b_1", "b-1"])].sort());
  });
});

describe("arguments", () => {
  const [sum] = toolsOf(
    tool("sum", {
      oldText: { type: "string" },
      old_text: { type: "string" },
      n: { type: "number" },
      list: { type: "array", items: { type: "object", properties: { entityType: { type: "integer" } } } },
    }),
  );
  const fields = sum?.fields ?? [];

  test("become fields and arguments again", () => {
    const args = { oldText: "a", old_text: "b", n: 1.5, list: [{ entityType: 3 }] };
    const judged = toFields(fields, args);
    expect(Object.keys(judged).sort()).toEqual(["list", "n", "old_text", "old_text_2"]);
    expect(toArguments(fields, judged)).toEqual(args);
  });

  test("that are not declared keep a name that no policy can declare", () => {
    expect(toFields(fields, { old_text_2: "x" })).toEqual({ "undeclared old_text_2": "x" });
    expect(Object.keys(toFields(fields, JSON.parse('{"__proto__":{"n":1}}')))).toEqual([
      "undeclared __proto__",
    ]);
  });

  test("numbers come as numbers or not at all", () => {
    expect(toArguments(fields, { n: "2.5" })).toEqual({ n: 2.5 });
    expect(toArguments(fields, { n: "9007199254740993" })).toBeNull();
    expect(toArguments(fields, { n: "x" })).toBeNull();
    expect(toArguments(fields, { list: [{ entity_type: {} }] })).toBeNull();
    expect(toArguments(fields, { list: [{ entityType: 1 }] })).toBeNull();
    expect(toFields(fields, { n: "1" })).toEqual({ n: { text: "1" } });
  });
});

describe("the file of accepted tools", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const pins = {
    server: "srv",
    tools: [
      { tool: "b", action: "b", digest },
      { tool: "a", action: "b", digest },
    ],
  };

  test("is read as it was written, in the order of the tools", () => {
    const read = decodePins(encodePins(pins));
    expect(read).toEqual({ ok: true, pins: { server: "srv", tools: [pins.tools[1], pins.tools[0]] } });
  });

  test.each([
    ["no JSON", "{"],
    ["duplicate keys", '{"format":"a","format":"polity-mcp-pins/1","server":"s","tools":[]}'],
    ["another format", '{"format":"polity-mcp-pins/2","server":"s","tools":[]}'],
    ["more members", '{"format":"polity-mcp-pins/1","server":"s","tools":[],"x":1}'],
    ["a server without a name", '{"format":"polity-mcp-pins/1","server":"","tools":[]}'],
    ["tools that are none", '{"format":"polity-mcp-pins/1","server":"s","tools":{}}'],
    ["a row that is none", '{"format":"polity-mcp-pins/1","server":"s","tools":[{"tool":"a"}]}'],
    ["a digest that is none", encodePins({ server: "s", tools: [{ tool: "a", action: "a", digest: "x" }] })],
    [
      "an action of the protocol",
      encodePins({ server: "s", tools: [{ tool: "a", action: "mcp_x", digest }] }),
    ],
    ["a tool twice", encodePins({ server: "s", tools: [pins.tools[0]!, pins.tools[0]!] })],
  ])("is refused: %s", (_, text) => {
    expect(decodePins(text).ok).toBe(false);
  });
});
