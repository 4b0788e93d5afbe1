/** An evaluator that does what the request's trust tells it to, also what no compiled one would ever do. */
import type { Types } from "@polity/runtime/layout.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import { encodeManifest } from "@polity/runtime/manifest-codec.ts";
import { assemble } from "../../compiler/4-emit/assemble.ts";
import { assemblyOf } from "../../compiler/4-emit/assembly.ts";
import { finishModule } from "../../compiler/4-emit/module.ts";
import { layOut, limitsOf, manifestOf } from "./arbitrary-manifest.ts";

const TYPES: Types = {
  enums: new Map([["Zone", ["eu", "us"]]]),
  records: new Map(),
  entities: new Map([["Team", { groups: [], attributes: [] }]]),
};

const rule = (name: string, verdict: "allow" | "hold" | "deny", because: (string | null)[] | null) => ({
  name,
  verdict,
  actions: ["go"],
  line: 1,
  column: 1,
  because: because === null ? null : { parts: because },
  note: null,
  absentOk: [],
  obliges: [],
});

const FIELDS = [{ name: "s", type: { kind: "string", id: false, bytesMax: 64 } as const, read: true }];

export const STUB_MANIFEST: Manifest = manifestOf(TYPES, [layOut("go", FIELDS, TYPES)], {
  rules: [
    rule("a", "allow", null),
    rule("b", "deny", ["s is ", null]),
    rule("h1", "hold", ["one"]),
    rule("h2", "hold", ["two"]),
  ],
  limits: limitsOf(4096, 1 << 20),
});

/** What each trust does. */
export const DO = {
  allow: 1,
  denyWithText: 2,
  heldByOneOfTwo: 3,
  trap: 10,
  grow: 11,
  noMagic: 12,
  otherAnswer: 13,
  notGranted: 14,
  unknownCode: 15,
  verdictZero: 16,
  ruleBeyond: 17,
  rulesUnsorted: 18,
  tooManyListed: 19,
  valuesBeyond: 20,
  textBeyond: 21,
  textNotUtf8: 22,
  pathsBeyond: 23,
  obligations: 24,
} as const;

const SOURCE = `
const FRAME: usize = memory.data(4096, 16);
const RESULT: usize = memory.data(3136, 16);
const VALUES: usize = memory.data(64, 16);
const FACTS: usize = memory.data(65536, 16);
export function pol_abi(): i32 { return 65536; }
export function pol_region(kind: i32, what: i32): i32 {
  if (kind == 0) return what == 0 ? <i32>FRAME : 4096;
  if (kind == 1) return what == 0 ? <i32>RESULT : 3136;
  return what == 0 ? <i32>FACTS : 65536;
}
export function pol_reserve(kind: i32, bytes: i32): i32 { return bytes <= 65536 ? 1 : 0; }
export function pol_load(kind: i32, bytes: i32): i32 { return 1; }
export function pol_record(bytes: i32, what: i32): i32 { return 0; }
function write(verdict: u32, granted: u32, code: u32): void {
  store<u32>(RESULT, verdict, 4);
  store<u32>(RESULT, granted, 8);
  store<u32>(RESULT, code, 12);
  store<u32>(RESULT, 0x524c4f50);
}
function fire(at: u32, rule: u32): void {
  store<u32>(RESULT, at + 1, 24);
  store<u32>(RESULT, at + 1, 28);
  store<u32>(RESULT + 64 + at * 4, rule);
}
function text(address: u32, length: u32): void {
  store<u32>(RESULT, 1, 44);
  store<u32>(RESULT, <u32>VALUES, 60);
  store<u32>(VALUES, 1);
  store<u32>(VALUES, 1, 4);
  store<u32>(VALUES, 6, 8);
  store<u32>(VALUES, 0, 12);
  store<u32>(VALUES, address, 16);
  store<u32>(VALUES, length, 20);
}
export function pol_decide(bytes: i32): i32 {
  const todo = load<u32>(FRAME, 84);
  const s = <u32>FRAME + load<u32>(FRAME, 160);
  const length = load<u32>(FRAME, 164);
  write(1, 1, 1);
  fire(0, 0);
  switch (todo) {
    case 2: write(3, 0, 1); fire(0, 1); text(s, length); return 3;
    case 3: write(2, 1, 1); fire(1, 0x80000002); fire(2, 3); return 2;
    case 10: unreachable(); return 1;
    case 11: memory.grow(1); return 1;
    case 12: store<u32>(RESULT, 0); return 1;
    case 13: return 2;
    case 14: write(1, 0, 1); return 1;
    case 15: write(3, 0, 99); return 3;
    case 16: write(0, 0, 1); return 0;
    case 17: fire(0, 4); return 1;
    case 18: fire(0, 1); fire(1, 0); return 1;
    case 19: store<u32>(RESULT, 2, 24); return 1;
    case 20: write(3, 0, 1); fire(0, 1); text(s, length); store<u32>(RESULT, 0xfffffff0, 60); return 3;
    case 21: write(3, 0, 1); fire(0, 1); text(0xfffffff0, 64); return 3;
    case 22: write(3, 0, 1); fire(0, 1); store<u8>(s, 0xff); text(s, length); return 3;
    case 23: store<u32>(RESULT, 0x40000000, 52); return 1;
    case 24: store<u32>(RESULT, 1, 40); return 1;
    default: return 1;
  }
}
`;

let stub: Promise<Uint8Array> | null = null;

export function stubEvaluator(): Promise<Uint8Array> {
  stub ??= assembleStub(SOURCE);
  return stub;
}

/** A file with another manifest, or out of another source, that is otherwise as it must be. */
async function assembleStub(source: string, manifest: Manifest = STUB_MANIFEST): Promise<Uint8Array> {
  const { limits } = manifest;
  const assembled = await assemble(assemblyOf(new Map([["stub.ts", source]]), "stub.ts", { limits }));
  return finishModule(assembled, encodeManifest(manifest));
}

export function withSource(change: (source: string) => string, manifest?: Manifest): Promise<Uint8Array> {
  return assembleStub(change(SOURCE), manifest);
}

/** The stub's code under another manifest: assembling takes its time. */
export async function withManifest(manifest: string): Promise<Uint8Array> {
  const whole = await stubEvaluator();
  return finishModule(withoutOurSections(whole), manifest);
}

function withoutOurSections(whole: Uint8Array): Uint8Array {
  const text = Buffer.from(whole.buffer, whole.byteOffset, whole.length).lastIndexOf("\u0006polity");
  // The section's id and the two or three bytes of its length come before its name.
  for (let at = text - 1; at > 0; at -= 1) {
    if (whole[at] === 0 && WebAssembly.validate(whole.slice(0, at))) return whole.slice(0, at);
  }
  throw new Error("no manifest found");
}
