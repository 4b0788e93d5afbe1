/**
 * TypeScript source with the inside of comments, strings, templates and regular expressions blanked out, so
 * that rules can search for code. Offsets, line breaks, quotes and the code in `${}` stay.
 */
export function codeOnly(text: string): string {
  const out = [...text.split("")];
  const templates: number[] = []; // per open `${`: how many braces are open inside it
  let at = 0;

  while (at < text.length) {
    const char = text[at] ?? "";
    if (char === "/" && text[at + 1] === "/") at = blank(out, at, lineEnd(text, at));
    else if (char === "/" && text[at + 1] === "*") at = blank(out, at, blockEnd(text, at));
    else if (char === '"' || char === "'") at = blank(out, at + 1, quoteEnd(text, at + 1, char)) + 1;
    else if (char === "`") at = template(at + 1);
    else if (char === "/" && startsRegex(text, at)) at = blank(out, at + 1, regexEnd(text, at + 1)) + 1;
    else if (char === "}" && templates.at(-1) === 0) {
      templates.pop();
      at = template(at + 1);
    } else {
      countBrace(templates, char);
      at += 1;
    }
  }
  return out.join("");

  function template(start: number): number {
    for (let end = start; end < text.length; end += 1) {
      if (text[end] === "\\") end += 1;
      else if (text[end] === "`") return blank(out, start, end) + 1;
      else if (text[end] === "$" && text[end + 1] === "{") {
        templates.push(0);
        return blank(out, start, end) + 2;
      }
    }
    return blank(out, start, text.length);
  }
}

/** The line (from 1) on which an offset lies. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** The offset of the brace that closes the one at `open` in blanked text, or the length of the text. */
export function closingBrace(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at += 1) {
    if (code[at] === "{") depth += 1;
    else if (code[at] === "}") depth -= 1;
    if (depth === 0) return at;
  }
  return code.length;
}

function blank(out: string[], from: number, to: number): number {
  for (let at = from; at < to; at += 1) if (out[at] !== "\n") out[at] = " ";
  return to;
}

function countBrace(templates: number[], char: string): void {
  const open = templates.at(-1);
  if (open === undefined) return;
  if (char === "{") templates[templates.length - 1] = open + 1;
  else if (char === "}") templates[templates.length - 1] = open - 1;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

function blockEnd(text: string, from: number): number {
  const end = text.indexOf("*/", from + 2);
  return end < 0 ? text.length : end + 2;
}

function quoteEnd(text: string, from: number, quote: string): number {
  let at = from;
  while (at < text.length && text[at] !== quote && text[at] !== "\n") at += text[at] === "\\" ? 2 : 1;
  return Math.min(at, text.length);
}

/** After a value a slash divides, elsewhere it starts a regular expression. */
function startsRegex(text: string, at: number): boolean {
  const before = text.slice(0, at).trimEnd();
  return before === "" || /[(,=:[!&|?{};+>]$/.test(before) || /\b(?:return|case|typeof|of)$/.test(before);
}

function regexEnd(text: string, from: number): number {
  let inClass = false;
  let at = from;
  for (; at < text.length && text[at] !== "\n"; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "[") inClass = true;
    else if (text[at] === "]") inClass = false;
    else if (text[at] === "/" && !inClass) break;
  }
  return Math.min(at, text.length);
}
