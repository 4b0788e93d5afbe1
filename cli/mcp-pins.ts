import { decodePins, PINS_BYTES_MAX, type Pins } from "@polity/gateway/mcp/pins.ts";
import { failure } from "./failure.ts";
import { nameOf, readBytes, utf8Text } from "./read-file.ts";

/** The file of accepted tools; fails where it is none. */
export async function readPins(path: string): Promise<Pins> {
  const text = utf8Text(await readBytes(path, PINS_BYTES_MAX));
  const read = text === null ? ({ ok: false, message: "not UTF-8 text" } as const) : decodePins(text);
  if (read.ok) return read.pins;
  throw failure(
    `${nameOf(path)} is no file of accepted tools: ${read.message}`,
    "pol import mcp --pins writes one",
  );
}
