/** Where things are declared, for messages about two programs that declare something differently. */
import type { Declaration, Name } from "../ast.ts";
import { unreachable } from "../diagnostic.ts";
import { filesOf, type Source, type Span } from "../source.ts";
import { parse } from "./parse.ts";

/**
 * Names in the source's text, by what they stand for: `entity User`, `table grant`, `setting cap`, `subject`,
 * `action pay`, `action pay.amount`, `shared zone`. Of what an imported file declares too.
 */
export function declaredPlaces(source: Source): ReadonlyMap<string, Span> {
  const places = new Map<string, Span>();
  for (const { file, text, start } of filesOf(source)) {
    const add = (key: string, { span }: Name) => {
      if (!places.has(key)) places.set(key, { start: span.start + start, end: span.end + start });
    };
    for (const declaration of parse({ file, text }).value.declarations) addPlaces(declaration, add);
  }
  return places;
}

function addPlaces(declaration: Declaration, add: (key: string, name: Name) => void): void {
  switch (declaration.kind) {
    case "entity":
    case "table":
    case "setting":
      add(`${declaration.kind} ${declaration.name.text}`, declaration.name);
      return;
    case "action":
      add(`action ${declaration.name.text}`, declaration.name);
      for (const { name } of declaration.fields) add(`action ${declaration.name.text}.${name.text}`, name);
      return;
    case "shared":
      for (const { name } of declaration.fields) add(`shared ${name.text}`, name);
      return;
    case "subject":
      add("subject", declaration.field.name);
      add(`shared ${declaration.field.name.text}`, declaration.field.name);
      return;
    case "enum":
    case "record":
    case "const":
    case "prove":
    case "function":
    case "obligation":
    case "rule":
    case "test":
    case "grid":
      return;
    default:
      unreachable(declaration);
  }
}
