/**
 * From whoever makes an entry to the store that it is given to in the same turn: how it is written. An entry
 * is looked at before it takes a number and again when it is stored, and to write it twice takes longer than
 * all the rest.
 */
import type { Entry } from "./entry.ts";

let handed: { readonly entry: Entry; readonly text: string } | null = null;

/**
 * What `give` answers, to which the text is known that `writeEntry` has just made of the entry. Nobody else
 * may have the entry yet.
 */
export function handing<T>(entry: Entry, text: string, give: () => T): T {
  handed = { entry, text };
  try {
    return give();
  } finally {
    handed = null;
  }
}

/** Null for an entry that comes from anywhere else. */
export function handedText(entry: Entry): string | null {
  return handed?.entry === entry ? handed.text : null;
}
