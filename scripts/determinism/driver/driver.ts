// Makes frames out of a pool and a seed, asks an evaluator about each, and chains SHA-256 over what it
// answers. It works in the evaluator's own memory, far above everything that is the evaluator's, so that it
// is the same program on every engine: a shell only writes the pool, calls `run` and reads the chain.
// docs/abi.md has the offsets.

@external("ev", "pol_decide")
declare function pol_decide(bytes: i32): i32;

// ---- the pool: u32 frames, then of each u32 offset (from the pool's start) and u32 bytes; then the frames.
// Every frame starts at a multiple of 8.

// What this evaluator needs: addresses, the seed, and how obligations' arguments are read.
let frame: usize = 0;
let frameRoom: u32 = 0;
let result: usize = 0;
// Of the address of the obligations, from the result's start; 0: the policy has none.
let tail: u32 = 0;
let seed: u64 = 0;
let pool: usize = 0;
let poolCount: u32 = 0;
// u32 obligations, then of each u32 arguments and u32 kinds (2 bits each, see `argument`).
let shapes: usize = 0;

const HEADER: u32 = 160;
// Answers by code (0 … 39) and by verdict (40 … 45), for those who wonder what was tried.
const TALLY: usize = memory.data(46 * 4, 8);
const CHAIN: usize = memory.data(32, 8);

export function setup(
  frameAt: i32,
  frameBytes: i32,
  resultAt: i32,
  obligationsAt: i32,
  poolAt: i32,
  shapesAt: i32,
  seedGiven: i32,
): void {
  frame = <usize>frameAt;
  frameRoom = <u32>frameBytes;
  result = <usize>resultAt;
  tail = <u32>obligationsAt;
  pool = <usize>poolAt;
  poolCount = load<u32>(pool);
  shapes = <usize>shapesAt;
  seed = <u64>(<u32>seedGiven);
  memory.fill(CHAIN, 0, 32);
  memory.fill(TALLY, 0, 46 * 4);
}

// Frames `from` up to, not including, `to`.
export function run(from: i32, to: i32): void {
  for (let index = from; index < to; index++) {
    const bytes = make(index);
    const answer = pol_decide(bytes);
    open();
    absorb(CHAIN, 32);
    absorbWord(<u32>answer);
    absorbResult();
    close();
    memory.copy(CHAIN, STATE, 32);
    count(answer);
  }
}

// Makes one frame where the evaluator expects it, and answers how many bytes it is said to have.
export function show(index: i32): i32 {
  return make(index);
}

// SHA-256 over the evaluator's whole memory, for `word`, beside the chain.
export function sumMemory(bytes: i32): void {
  open();
  absorb(0, <u32>bytes);
  close();
}

// Of the chain (0 … 7) or of the last sum of the memory (8 … 15), most significant byte first.
export function word(index: i32): i32 {
  return index < 8 ? load<i32>(CHAIN + (<usize>index << 2)) : load<i32>(STATE + (<usize>(index - 8) << 2));
}

export function tally(index: i32): i32 {
  return load<i32>(TALLY + (<usize>index << 2));
}

function count(answer: i32): void {
  const code = min<u32>(load<u32>(result, 12), 39);
  const verdict = 40 + min<u32>(<u32>answer, 5);
  store<u32>(TALLY + (code << 2), load<u32>(TALLY + (code << 2)) + 1);
  store<u32>(TALLY + (verdict << 2), load<u32>(TALLY + (verdict << 2)) + 1);
}

// ---- frames

let state: u64 = 0;

// SplitMix64.
function next(): u64 {
  state += 0x9e3779b97f4a7c15;
  let z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

function below(limit: u32): u32 {
  return <u32>(((next() >> 32) * <u64>limit) >> 32);
}

function frameIn(index: u32): usize {
  return pool + load<u32>(pool + 4 + (<usize>index << 3));
}

function bytesIn(index: u32): u32 {
  return load<u32>(pool + 8 + (<usize>index << 3));
}

function make(index: i32): i32 {
  state = (seed << 32) | <u64>(<u32>index);
  const base = below(poolCount);
  const bytes = bytesIn(base);
  memory.copy(frame, frameIn(base), bytes);
  move(bytes);
  const fault = below(16);
  if (fault < 8) return bytes;
  if (fault < 11) changeSlot(bytes);
  else if (fault < 13) changeText(bytes);
  else if (fault == 13) changeBits(bytes);
  else if (fault == 14) changeHeader();
  else return <i32>below(min(bytes + 24, frameRoom));
  if (below(8) == 0) changeSlot(bytes);
  return bytes;
}

// The same request at another time, by a subject with another trust.
function move(bytes: u32): void {
  const by = <i64>(next() % 43_200_000) - 21_600_000;
  for (let at: u32 = 40; at <= 72; at += 8) shift(at, by);
  if (below(2) == 0) store<u32>(frame, below(1001), 84);
  const approvals = min(load<u32>(frame, 88), 16);
  const first = HEADER + load<u32>(frame, 144);
  if (first + approvals * 64 > bytes) return;
  for (let i: u32 = 0; i < approvals; i++) {
    shift(first + i * 64 + 16, by);
    shift(first + i * 64 + 24, by);
  }
}

function shift(at: u32, by: i64): void {
  store<i64>(frame + at, load<i64>(frame + at) + by);
}

// A slot of the fixed part: a little more or less, an edge, or what another frame has there.
function changeSlot(bytes: u32): void {
  const fixed = min(load<u32>(frame, 144), bytes - HEADER);
  if (fixed < 8) return;
  const at = HEADER + (below(fixed >> 3) << 3);
  const how = below(4);
  if (how == 0) shift(at, <i64>below(9) - 4);
  else if (how == 1) shift(at, <i64>below(200_001) - 100_000);
  else if (how == 2) store<u64>(frame + at, edge());
  else {
    const other = below(poolCount);
    if (at + 8 <= bytesIn(other)) store<u64>(frame + at, load<u64>(frameIn(other) + at));
  }
}

function edge(): u64 {
  switch (below(8)) {
    case 0:
      return 0;
    case 1:
      return 1;
    case 2:
      return 0x8000000000000000;
    case 3:
      return 0x7fffffffffffffff;
    case 4:
      return 0xffffffffffffffff;
    case 5:
      return <u64>below(0xffffffff);
    case 6:
      return <u64>1 << <u64>below(64);
    default:
      return next();
  }
}

// A byte of the variable part, mostly by another letter.
function changeText(bytes: u32): void {
  const from = HEADER + load<u32>(frame, 144);
  if (from >= bytes) return;
  const at = frame + from + below(bytes - from);
  if (load<u8>(at) == 0 && below(4) != 0) return;
  store<u8>(at, below(4) == 0 ? <u8>below(256) : <u8>(32 + below(95)));
}

function changeBits(bytes: u32): void {
  for (let n = below(3); n < 3; n++) {
    const at = frame + below(bytes);
    store<u8>(at, load<u8>(at) ^ (<u8>1 << <u8>below(8)));
  }
}

function changeHeader(): void {
  const at = 8 + (below(38) << 2);
  if (at == 80) store<u32>(frame, below(5), 80);
  else if (below(2) == 0) store<u32>(frame + at, load<u32>(frame + at) + below(3) - 1);
  else store<u32>(frame + at, <u32>edge());
}

// ---- what an evaluator answered: all that a host would read of it, text included

function absorbResult(): void {
  absorb(result, 64);
  absorb(result + 64, load<u32>(result, 28) << 2);
  absorb(result + 64 + 1024, load<u32>(result, 36) << 3);
  absorbValues(<usize>load<u32>(result, 60), load<u32>(result, 44));
  absorbTexts(<usize>load<u32>(result, 56), load<u32>(result, 52));
  if (tail != 0) absorbObligations(<usize>load<u32>(result + tail), load<u32>(result, 40));
}

function absorbValues(at: usize, n: u32): void {
  absorb(at, n * 24);
  for (let i: u32 = 0; i < n; i++, at += 24) {
    const tag = load<u32>(at, 8);
    if (tag == 6 || tag == 8) absorb(<usize>load<u32>(at, 16), load<u32>(at, 20));
  }
}

function absorbTexts(at: usize, n: u32): void {
  absorb(at, n << 3);
  for (let i: u32 = 0; i < n; i++, at += 8) absorb(<usize>load<u32>(at), load<u32>(at, 4));
}

function absorbObligations(at: usize, n: u32): void {
  absorb(at, n << 4);
  for (let i: u32 = 0; i < n; i++, at += 16) {
    const shape = shapes + 4 + (<usize>load<u32>(at, 4) << 3);
    const kinds = load<u32>(shape, 4);
    let cell = <usize>load<u32>(at, 8);
    for (let k: u32 = 0; k < load<u32>(shape); k++, cell += 16) {
      absorb(cell, 16);
      if (load<u32>(cell) != 0) argument((kinds >> (k << 1)) & 3, <usize>load<u32>(cell, 8));
    }
  }
}

// 0: the cell says all; 1: the address of a text slot; 2: of the slot of a collection of words; 3: of one of
// texts. An entity's record begins with the slot of its id.
function argument(kind: u32, slot: usize): void {
  if (kind == 0) return;
  if (kind == 1) return absorbText(slot);
  const n = load<u32>(slot, 4);
  const from = slot + <usize>load<i32>(slot);
  absorb(from, n << 3);
  if (kind == 3) for (let i: u32 = 0; i < n; i++) absorbText(from + (<usize>i << 3));
}

function absorbText(slot: usize): void {
  absorb(slot, 8);
  absorb(slot + <usize>load<i32>(slot), load<u32>(slot, 4));
}

// ---- SHA-256 (FIPS 180-4, 6.2)

const STATE: usize = memory.data(32, 8);
const BLOCK: usize = memory.data(64, 8);
const SCHEDULE: usize = memory.data(256, 8);
// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
const ROUNDS: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);
let inBlock: u32 = 0;
let total: u64 = 0;

function open(): void {
  inBlock = 0;
  total = 0;
  store<u32>(STATE, 0x6a09e667);
  store<u32>(STATE, 0xbb67ae85, 4);
  store<u32>(STATE, 0x3c6ef372, 8);
  store<u32>(STATE, 0xa54ff53a, 12);
  store<u32>(STATE, 0x510e527f, 16);
  store<u32>(STATE, 0x9b05688c, 20);
  store<u32>(STATE, 0x1f83d9ab, 24);
  store<u32>(STATE, 0x5be0cd19, 28);
}

function absorbWord(value: u32): void {
  store<u32>(SCHEDULE, value);
  absorb(SCHEDULE, 4);
}

function absorb(at: usize, bytes: u32): void {
  total += bytes;
  if (inBlock > 0) {
    const part = min(64 - inBlock, bytes);
    memory.copy(BLOCK + inBlock, at, part);
    inBlock += part;
    at += part;
    bytes -= part;
    if (inBlock < 64) return;
    compress(BLOCK);
  }
  while (bytes >= 64) {
    compress(at);
    at += 64;
    bytes -= 64;
  }
  memory.copy(BLOCK, at, bytes);
  inBlock = bytes;
}

// The sum is then in STATE as the bytes of the digest, read as little-endian words.
function close(): void {
  const bits = total << 3;
  store<u8>(BLOCK + inBlock, 0x80);
  memory.fill(BLOCK + inBlock + 1, 0, 63 - inBlock);
  if (inBlock > 55) {
    compress(BLOCK);
    memory.fill(BLOCK, 0, 56);
  }
  store<u64>(BLOCK, bswap<u64>(bits), 56);
  compress(BLOCK);
  for (let at: usize = STATE; at < STATE + 32; at += 4) store<u32>(at, bswap<u32>(load<u32>(at)));
}

function compress(block: usize): void {
  for (let t: usize = 0; t < 64; t += 4) store<u32>(SCHEDULE + t, bswap<u32>(load<u32>(block + t)));
  for (let t: usize = SCHEDULE + 64; t < SCHEDULE + 256; t += 4) {
    const w2 = load<u32>(t - 8);
    const w15 = load<u32>(t - 60);
    const s1 = rotr(w2, 17) ^ rotr(w2, 19) ^ (w2 >> 10);
    const s0 = rotr(w15, 7) ^ rotr(w15, 18) ^ (w15 >> 3);
    store<u32>(t, s1 + load<u32>(t - 28) + s0 + load<u32>(t - 64));
  }
  let a = load<u32>(STATE);
  let b = load<u32>(STATE, 4);
  let c = load<u32>(STATE, 8);
  let d = load<u32>(STATE, 12);
  let e = load<u32>(STATE, 16);
  let f = load<u32>(STATE, 20);
  let g = load<u32>(STATE, 24);
  let h = load<u32>(STATE, 28);
  for (let t: usize = 0; t < 256; t += 4) {
    const s1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
    const one = h + s1 + ((e & f) ^ (~e & g)) + load<u32>(ROUNDS + t) + load<u32>(SCHEDULE + t);
    const s0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
    const two = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + one;
    d = c;
    c = b;
    b = a;
    a = one + two;
  }
  store<u32>(STATE, load<u32>(STATE) + a);
  store<u32>(STATE, load<u32>(STATE, 4) + b, 4);
  store<u32>(STATE, load<u32>(STATE, 8) + c, 8);
  store<u32>(STATE, load<u32>(STATE, 12) + d, 12);
  store<u32>(STATE, load<u32>(STATE, 16) + e, 16);
  store<u32>(STATE, load<u32>(STATE, 20) + f, 20);
  store<u32>(STATE, load<u32>(STATE, 24) + g, 24);
  store<u32>(STATE, load<u32>(STATE, 28) + h, 28);
}
