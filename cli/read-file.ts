/** The only file that reads files, and says why one could not be read. */
import { type FileHandle, open } from "node:fs/promises";
import { failure, fileFailure } from "./failure.ts";
import { quoted, sizeText } from "./words.ts";

/** Larger ones are refused before they fill the memory; V8 could not make one text of them anyway. */
const FILE_BYTES_MAX = 500 * 1024 * 1024;

/** The whole file; fails with a sentence about it. `-` is standard input. */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return path === "-" ? await readAll(process.stdin, "standard input") : await readPath(path);
  } catch (error) {
    throw fileFailure("read", nameOf(path), error);
  }
}

/** The whole file as UTF-8 text, a byte order mark included; fails where it is no text. */
export async function readText(path: string): Promise<string> {
  const text = utf8Text(await readBytes(path));
  if (text === null) throw failure(`cannot read ${nameOf(path)}: not UTF-8 text`);
  return text;
}

/** Null where the bytes are no UTF-8. A byte order mark is kept, for whoever reads the text to judge. */
export function utf8Text(bytes: Uint8Array): string | null {
  try {
    return DECODER.decode(bytes);
  } catch {
    return null;
  }
}

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes of a file or of standard input, piece by piece. */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  let file: FileHandle | null = null;
  try {
    if (path !== "-") file = await open(path);
    yield* file === null ? process.stdin : file.createReadStream();
  } catch (error) {
    throw fileFailure("read", nameOf(path), error);
  } finally {
    await file?.close();
  }
}

export function nameOf(path: string): string {
  return path === "-" ? "standard input" : quoted(path);
}

async function readPath(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > FILE_BYTES_MAX) throw tooLarge(quoted(path));
    // A pipe or a device tells no size and may have no end.
    return await readAll(file.createReadStream({ autoClose: false }), quoted(path));
  } finally {
    await file.close();
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > FILE_BYTES_MAX) throw tooLarge(name);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function tooLarge(name: string): Error {
  return failure(`cannot read ${name}: larger than ${sizeText(FILE_BYTES_MAX)}`);
}
