/** Small modules by hand, for what no assembler of ours would write. */
const FUNCTIONS = ["pol_abi", "pol_decide", "pol_load", "pol_record", "pol_region", "pol_reserve"];
/** Types: 0 `() -> i32`, 1 `(i32) -> i32`, 2 `(i32, i32) -> i32`, 3 `() -> ()`. */
const TYPES = [4, 0x60, 0, 1, 0x7f, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, 0x60, 0, 0];
const FUNCTION_TYPES = [0, 1, 2, 2, 2, 2];

export interface Parts {
  readonly imports?: readonly number[];
  /** Content of the memory section; one page, two at most, where it is left out. */
  readonly memory?: readonly number[];
  readonly start?: boolean;
  /** Instructions of `pol_abi`; it answers 1.0 where they are left out. */
  readonly abi?: readonly number[];
  readonly without?: string;
  readonly renamed?: string;
}

/** Every function but `pol_abi` answers 0. */
export function handMade({
  imports,
  memory = [1, 1, 1, 2],
  start = false,
  abi,
  without,
  renamed,
}: Parts): Uint8Array {
  const answers = [abi ?? [0x41, 0x80, 0x80, 0x04], ...FUNCTIONS.slice(1).map(() => [0x41, 0])];
  const bodies = [...answers.map((code) => [0, ...code, 0x0b]), [0, 0x0b]];
  const exports = FUNCTIONS.map((name, at) => [...text(name === renamed ? `${name}x` : name), 0, at]);
  const kept = exports.filter((_, at) => FUNCTIONS[at] !== without);
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, TYPES),
    ...(imports === undefined ? [] : section(2, imports)),
    ...section(3, [7, ...FUNCTION_TYPES, 3]),
    ...section(5, memory),
    ...section(7, [kept.length + 1, ...kept.flat(), ...text("memory"), 2, 0]),
    ...(start ? section(8, [6]) : []),
    ...section(10, [7, ...bodies.flatMap((body) => [body.length, ...body])]),
  ]);
}

export function text(value: string): number[] {
  const bytes = [...new TextEncoder().encode(value)];
  return [bytes.length, ...bytes];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, (content.length & 127) | 128, content.length >> 7, ...content];
}
