import { sha256 } from "@polity/runtime/hash.ts";
import {
  type EntityType,
  type Field,
  type Setting,
  type Shape,
  slotBytes,
  type Type,
  type Types,
} from "@polity/runtime/layout.ts";
import {
  type ActionLayout,
  type FieldLayout,
  type Limits,
  type Manifest,
  memoryBytes,
  PAGE_BYTES,
  type RuleEntry,
  type TagEntry,
} from "@polity/runtime/manifest.ts";
import { layoutTag } from "@polity/runtime/manifest-codec.ts";
import fc from "fast-check";

const NAMES = ["alpha", "beta", "gamma", "delta", "eta", "theta", "iota", "kappa", "amount", "to", "a", "ab"];

const leaf: fc.Arbitrary<Type> = fc.oneof(
  fc.constantFrom<Type>({ kind: "bool" }, { kind: "timestamp" }, { kind: "duration" }),
  fc.tuple(fc.constantFrom("int" as const, "decimal" as const), range()).map(([kind, [min, max]]) => ({
    kind,
    min,
    max,
  })),
  fc.record({
    kind: fc.constant("string" as const),
    id: fc.boolean(),
    bytesMax: fc.integer({ min: 1, max: 90 }),
  }),
  fc.record({ kind: fc.constant("path" as const), bytesMax: fc.integer({ min: 1, max: 90 }) }),
  fc.record({
    kind: fc.constant("shaped" as const),
    shape: fc.constantFrom<Shape>("url", "email", "image", "host", "host_pattern", "ip", "cidr"),
    bytesMax: fc.integer({ min: 1, max: 90 }),
  }),
  fc.constantFrom<Type>({ kind: "enum", name: "Zone" }, { kind: "entity", name: "Team" }),
  fc.constantFrom<Type>({ kind: "enum", name: "Currency" }, { kind: "entity", name: "Agent" }),
  fc.constantFrom<Type>({ kind: "ref", name: "Agent" }, { kind: "ref", name: "Team" }),
);

function range(): fc.Arbitrary<[bigint, bigint]> {
  return fc
    .tuple(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.bigInt({ min: -20_000n, max: 2n ** 55n }),
    )
    .map(([a, b]) => (a < b ? [a, b] : [b, a]));
}

function withBounds(of: Type, kind: "list" | "set" | "map"): fc.Arbitrary<Type> {
  return fc
    .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 5 }))
    .map(([min, more]) => ({ kind, of, min, max: min + more }));
}

/** Any type that a field may have; `records` are the names that it may use. */
function typeOf(records: readonly string[]): fc.Arbitrary<Type> {
  const plain =
    records.length === 0
      ? leaf
      : fc.oneof(
          { weight: 4, arbitrary: leaf },
          {
            weight: 1,
            arbitrary: fc.constantFrom(...records).map((name): Type => ({ kind: "record", name })),
          },
        );
  const collection = fc.oneof(
    leaf.chain((of) => withBounds(of, "set")),
    plain.chain((of) => withBounds(of, "list")),
    plain.chain((of) => withBounds(of, "map")),
  );
  const present = fc.oneof({ weight: 3, arbitrary: plain }, { weight: 2, arbitrary: collection });
  return fc.oneof(
    present,
    present.map((of): Type => ({ kind: "optional", of })),
  );
}

function fieldsOf(records: readonly string[]): fc.Arbitrary<Field[]> {
  return fc
    .uniqueArray(fc.constantFrom(...NAMES), { maxLength: 6 })
    .chain((names) =>
      fc.tuple(...names.sort().map((name) => typeOf(records).map((type): Field => ({ name, type })))),
    );
}

const SETTINGS: Setting[] = [
  {
    name: "allowed",
    type: { kind: "set", of: { kind: "int", min: 0n, max: 9n }, min: 0, max: 4 },
    standard: [1, 2],
  },
  { name: "limit", type: { kind: "decimal", min: 0n, max: 10_000n }, standard: "0.5" },
  { name: "open", type: { kind: "bool" }, standard: true },
  { name: "zone", type: { kind: "enum", name: "Zone" }, standard: "eu" },
];

const arbitraryTypes: fc.Arbitrary<Types> = fc
  .record({
    inner: fieldsOf([]),
    outer: fieldsOf(["Inner"]),
    agent: fieldsOf(["Inner", "Outer"]),
    columns: fieldsOf(["Inner"]),
    key: fc.constantFrom<readonly string[]>([], ["key1"], ["key2", "key1"]),
    max: fc.integer({ min: 1, max: 64 }),
    settings: fc.subarray(SETTINGS),
    isCarried: fc.boolean(),
  })
  .map(({ inner, outer, agent, columns, key, max, settings, isCarried }) => ({
    enums: new Map([
      ["Currency", ["EUR", "USD"]],
      ["Zone", ["us", "eu", "edge"]],
    ]),
    records: new Map([
      ["Inner", inner],
      ["Outer", outer],
      ...(key.length > 0 ? [["Row", withKey(columns, key)] as const] : []),
    ]),
    entities: new Map<string, EntityType>([
      ["Agent", { groups: ["Team"], attributes: agent }],
      ...(isCarried
        ? [["Doc", { groups: ["Doc", "Team"], attributes: inner, fromRequest: true }] as const]
        : []),
      ["Team", { groups: ["Team"], attributes: [] }],
    ]),
    ...(settings.length > 0 && { settings }),
    ...(key.length > 0 && { tables: [{ name: "Row", key, per: key.length, max }] }),
  }));

/** The columns of a table, in their order: those of the key are text. */
function withKey(columns: readonly Field[], key: readonly string[]): readonly Field[] {
  const text: Type = { kind: "string", id: false, bytesMax: 64 };
  return [...columns, ...[...key].sort().map((name): Field => ({ name, type: text }))].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
}

/** Fields in their order, laid out one after another where they are read. */
export function layOut(
  name: string,
  fields: readonly (Field & { read: boolean })[],
  types: Types,
): ActionLayout {
  let fixedBytes = 0;
  const placed: FieldLayout[] = [];
  for (const { read, ...field } of fields) {
    placed.push({ ...field, offset: read ? fixedBytes : null });
    if (read) fixedBytes += slotBytes(field.type, types);
  }
  return { name, fields: placed, fixedBytes };
}

/** Of an evaluator that takes two pages by itself. */
export function limitsOf(frameBytesMax: number, factsBytesMax: number, staticBytes = 2 * PAGE_BYTES): Limits {
  return {
    frameBytesMax,
    factsBytesMax,
    staticBytes,
    memoryBytesMax: memoryBytes(staticBytes, factsBytesMax),
  };
}

/** A manifest around these actions, for an evaluator that is not there. */
export function manifestOf(
  types: Types,
  actions: readonly ActionLayout[],
  over: Partial<Manifest> = {},
): Manifest {
  const subject = over.subject ?? null;
  return {
    abi: { major: 1, minor: 0 },
    language: 1,
    policy: { name: "made.up", version: 3n },
    valid: null,
    containmentAgeMs: 60_000n,
    compiler: "0.1.0",
    assembler: "0.28.20",
    sources: [{ file: "made-up.pol", sha256: `sha256:${"0f".repeat(32)}` }],
    types,
    subject,
    layoutTag: layoutTag(types, subject, actions, sha256),
    actions,
    rules: [],
    entityLiterals: [],
    readsTrust: false,
    obligations: [],
    limits: limitsOf(1 << 16, 1 << 24),
    costs: actions.map(({ name }) => ({
      action: name,
      decodeSteps: 64n,
      ruleSteps: 2n ** 63n - 1n,
      frameBytesMax: 5_280,
    })),
    ...over,
  };
}

const template = fc.option(fc.record({ parts: fc.array(fc.option(fc.string()), { maxLength: 3 }) }));

const tagList: fc.Arbitrary<readonly TagEntry[]> = fc
  .uniqueArray(fc.constantFrom("severity", "owner", "control"), { minLength: 1, maxLength: 3 })
  .chain((names) =>
    fc.tuple(
      ...names
        .sort()
        .map((name) => fc.record({ name: fc.constant(name), args: fc.array(fc.string(), { maxLength: 2 }) })),
    ),
  );

const approval = fc.record({
  group: fc.option(fc.record({ type: fc.constantFrom("Team", "Board"), id: fc.string() })),
  quorum: fc.integer({ min: 1, max: 16 }),
  withinMs: fc.integer({ min: 1, max: 2_592_000_000 }),
});

const rule: fc.Arbitrary<Omit<RuleEntry, "name">> = fc
  .record({
    verdict: fc.constantFrom("allow", "hold", "deny", "quarantine", "terminate"),
    actions: fc.constant(["go"]),
    line: fc.nat(1000),
    column: fc.nat(100),
    because: template,
    note: template,
    absentOk: fc.array(fc.record({ path: fc.string(), why: fc.string() }), { maxLength: 2 }),
    obliges: fc.array(fc.constantFrom("notify", "redact"), { maxLength: 3 }).map((names) => names.sort()),
    more: fc.record({ approval, tags: tagList, shadow: fc.constant(true as const) }, { requiredKeys: [] }),
  })
  .map(({ more, ...entry }) => ({ ...entry, ...more }));

/** Of every second field, where the version is odd. */
function provenanceOf(actions: readonly ActionLayout[], version: bigint): Pick<Manifest, "provenance"> {
  const provenance = actions.flatMap(({ name: action, fields }) =>
    fields.flatMap(({ name: field }, at) =>
      at % 2 === 0 ? [{ action, field, from: at % 4 === 0 ? ("host" as const) : ("agent" as const) }] : [],
    ),
  );
  return version % 2n === 0n || provenance.length === 0 ? {} : { provenance };
}

export const arbitraryManifest: fc.Arbitrary<Manifest> = arbitraryTypes.chain((types) =>
  fc
    .record({
      fields: fieldsOf(["Inner", "Outer"]),
      notified: fieldsOf(["Inner", "Outer"]),
      when: fc.constantFrom("before", "after", "advice"),
      reads: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      rules: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 3 }),
      entries: fc.array(rule, { minLength: 3, maxLength: 3 }),
      valid: fc.option(
        fc.record({ fromMs: fc.bigInt({ min: -5n, max: 5n }), untilMs: fc.constant(2n ** 53n) }),
      ),
      subject: fc.option(fc.constant({ field: "agent", entity: "Agent" })),
      version: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      tzdata: fc.constantFrom(undefined, "2025b", "2026aa"),
      isGuard: fc.boolean(),
      hasOthers: fc.boolean(),
    })
    .map(({ fields, notified, when, reads, rules, entries, valid, subject, version, ...more }) => {
      const placed = fields.map((field, at) => ({ ...field, read: reads[at] === true }));
      const actions = [layOut("go", placed, types)];
      const others = more.hasOthers ? layOut("*", placed.slice(0, 2), types) : undefined;
      const isGuard = more.isGuard && !entries.some(({ verdict }) => verdict === "allow");
      return manifestOf(types, actions, {
        ...(more.tzdata !== undefined && { tzdata: more.tzdata }),
        ...(isGuard && { guard: true as const }),
        ...(others !== undefined && {
          others,
          layoutTag: layoutTag(types, subject, actions, sha256, others),
        }),
        valid,
        subject,
        policy: { name: "made.up", version },
        rules: rules.sort().map((name, at) => ({ ...entries[at]!, name })),
        entityLiterals: [{ type: "Team", id: "é" }],
        ...provenanceOf(actions, version),
        ...(version % 3n === 0n && { simd: true }),
        obligations: [
          { name: "notify", when, arguments: notified },
          { name: "redact", when: "before", arguments: [] },
        ],
      });
    }),
);
