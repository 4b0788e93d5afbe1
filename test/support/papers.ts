/** A trust root under which agents are governed: services that order and attest, and people who approve. */
import type { Governed } from "@polity/governor/papers/paper.ts";
import { ANNA, BERT, CLEO, DORA, EMIL, idsOf, ONLINE, ROOT, withKeys } from "./trust-roots.ts";

export const GOVERNED_ROOT = withKeys({
  ...ROOT,
  issuers: {
    approval: new Map([
      ['User::"bert"', idsOf(BERT)],
      ['User::"cleo"', idsOf(CLEO)],
      ['User::"dora"', idsOf(DORA)],
    ]),
    attestation: new Map([["launcher", idsOf(EMIL)]]),
    containment: new Map([["watch", idsOf(ANNA, CLEO)]]),
    permit: new Map(),
    trust: new Map([["rating", idsOf(ONLINE)]]),
  },
});

export const GOVERNED: Governed = { root: GOVERNED_ROOT, set: "payments", audience: "eu-1" };

/** A byte of the text changed, left out or doubled, at every place, in several ways. */
export function* textMutations(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += 1) {
    const [before, char, after] = [text.slice(0, at), text[at]!, text.slice(at + 1)];
    for (const other of [
      "A",
      "0",
      '"',
      "=",
      " ",
      "{",
      "-",
      "z",
      "\u0000",
      String.fromCharCode(char.charCodeAt(0) ^ 1),
    ]) {
      if (other !== char) yield before + other + after;
    }
    if (char !== after[0]) yield before + after;
    for (const more of ["A", "0", " ", "\\"]) if (more !== char) yield before + more + char + after;
  }
}
