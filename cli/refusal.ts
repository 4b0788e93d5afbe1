import { EXIT, failure } from "./failure.ts";
import { printLine } from "./terminal.ts";
import { visible } from "./words.ts";

/** Something that was looked at is not as it must be: an answer, not a mishap. */
export interface Refusal {
  readonly ok: false;
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint: string | null;
  /** For JSON only: where it is. */
  readonly place?: Readonly<Record<string, string | number>>;
}

/** Says no, as one JSON object on standard output or as a line for people on standard error. */
export async function answerNo(
  name: string,
  { code, message, hint, place }: Refusal,
  json: boolean,
): Promise<number> {
  if (!json) throw failure(`${name} is refused: ${code}: ${visible(message)}`, hint, EXIT.no);
  await printLine(JSON.stringify({ ok: false, code, message, hint, ...place }));
  return EXIT.no;
}
