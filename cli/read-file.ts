/** The only file that reads files, and says why one could not be read. */
import { constants, readFileSync, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { failure, fileFailure } from "./failure.ts";
import { quoted, sizeText, visible } from "./words.ts";

/** Larger ones are refused before they fill the memory; V8 could not make one text of them anyway. */
const FILE_BYTES_MAX = 500 * 1024 * 1024;

/** The whole file; fails with a sentence about it. `-` is standard input. */
export async function readBytes(path: string, bytesMax = FILE_BYTES_MAX): Promise<Uint8Array<ArrayBuffer>> {
  try {
    if (path === "-") return await readAll(process.stdin, "standard input", bytesMax);
    return await readPath(path, bytesMax);
  } catch (error) {
    throw fileFailure("read", nameOf(path), error);
  }
}

/** The whole file as UTF-8 text, a byte order mark included; fails where it is no text. */
export async function readText(path: string): Promise<string> {
  const text = utf8Text(await readBytes(path));
  if (text === null) throw failure(`cannot read ${nameOf(path)}: not UTF-8 text`, "save it as UTF-8");
  return text;
}

/**
 * A file in a place where others write: a pipe, which may never end, a device and, unless `takesLinks`, a
 * link, which may lead anywhere, are no such file, whatever was there a moment ago.
 */
export async function readGivenFile(
  path: string,
  bytesMax: number,
  takesLinks: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants;
  try {
    const file = await open(path, O_RDONLY | O_NONBLOCK | (takesLinks ? 0 : O_NOFOLLOW));
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw failure(`cannot read ${quoted(path)}: no file`);
      if (stat.size > bytesMax) throw tooLarge(quoted(path), bytesMax);
      return await readAll(file.createReadStream({ autoClose: false }), quoted(path), bytesMax);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileFailure("read", quoted(path), error);
  }
}

/** At once, for files whose names come up while another is compiled; throws what the system says. */
export function readTextNow(path: string): string | null {
  return utf8Text(readFileSync(path));
}

/** As `readText`; fails where anybody else may read it and there is a private key in it, or it is secret. */
export async function readSecret(path: string, isSecret = false): Promise<string> {
  const name = nameOf(path);
  try {
    if (path === "-") throw failure("keys are not read from standard input", "name their file");
    const file = await open(path);
    try {
      const stat = await file.stat();
      const text = utf8Text(await readAll(file.createReadStream({ autoClose: false }), name));
      if (text === null) throw failure(`cannot read ${name}: not UTF-8 text`);
      // Whoever gives a public key by mistake is told that, and not to hide it.
      if (stat.isFile() && (isSecret || text.includes("PRIVATE KEY"))) expectPrivate(path, stat.mode);
      return text;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileFailure("read", name, error);
  }
}

const OTHERS = 0o077;

/** Windows tells no such mode. */
function expectPrivate(path: string, mode: number): void {
  if (process.platform === "win32" || (mode & OTHERS) === 0) return;
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  throw failure(`${quoted(path)} is open to other users (mode ${octal})`, `chmod 600 ${visible(path)}`);
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

/** Fails where there is nothing of that name. */
export function isFolder(path: string): boolean {
  try {
    return path !== "-" && statSync(path).isDirectory();
  } catch (error) {
    throw fileFailure("read", nameOf(path), error);
  }
}

/** Whether there is a file with other content, which would be lost. */
export async function holdsOther(path: string, content: string | Uint8Array): Promise<boolean> {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
  return !Buffer.from(content as Uint8Array).equals(await readBytes(path));
}

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

async function readPath(path: string, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > bytesMax) throw tooLarge(quoted(path), bytesMax);
    // A pipe or a device tells no size and may have no end.
    return await readAll(file.createReadStream({ autoClose: false }), quoted(path), bytesMax);
  } finally {
    await file.close();
  }
}

async function readAll(
  stream: AsyncIterable<Uint8Array>,
  name: string,
  bytesMax = FILE_BYTES_MAX,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > bytesMax) throw tooLarge(name, bytesMax);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function tooLarge(name: string, bytesMax: number): Error {
  return failure(`cannot read ${name}: larger than ${sizeText(bytesMax)}`);
}
