/** The few things that the page does with elements. Text is set as text, never as markup. */

export function byId<E extends HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found as E;
}

/** An element with a class and what is in it. */
export function element(tag: string, name: string, ...children: readonly (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (name !== "") made.className = name;
  made.append(...children.map((child) => (typeof child === "string" ? visible(child) : child)));
  return made;
}

export function button(text: string, name: string, act: () => void): HTMLElement {
  const made = element("button", name, text);
  made.setAttribute("type", "button");
  made.addEventListener("click", act);
  return made;
}

// Controls, and what is invisible or turns the direction of text around.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu;

/** What somebody else wrote, with everything shown that would otherwise only act. Line feeds stay. */
function visible(text: string): string {
  return text.replace(HIDDEN, (char) => (char === "\n" ? char : `\\u{${char.codePointAt(0)!.toString(16)}}`));
}

/** Saves a text as a file. */
export function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
