/** Commands and what they print, as a page shows them: `console` fences whose commands begin with `$ `. */

export interface ShownCommand {
  /** Of the command, from 1. */
  readonly line: number;
  readonly command: string;
  /**
   * What is shown below it; `…` stands for any text within a line, a line with nothing else for any
   * lines.
   */
  readonly output: string;
}

export function shownCommands(markdown: string): readonly ShownCommand[] {
  const commands: { line: number; command: string; output: string }[] = [];
  let isOpen = false;
  for (const [index, line] of markdown.split("\n").entries()) {
    if (line.startsWith("```")) isOpen = line === "```console";
    else if (isOpen && line.startsWith("$ "))
      commands.push({ line: index + 1, command: line.slice(2), output: "" });
    else if (isOpen) {
      const last = commands.at(-1);
      if (last !== undefined) last.output += `${line}\n`;
    }
  }
  return commands;
}

/** Whether a command printed what is shown; white space at the ends does not matter. */
export function isAsShown(shown: string, printed: string): boolean {
  const lines = shown.trim().split("\n");
  const pattern = lines.map((line) => (line.trim() === "…" ? "(?:.*\n)*?.*" : linePattern(line))).join("\n");
  return new RegExp(`^${pattern}$`, "u").test(printed.trim());
}

function linePattern(line: string): string {
  return line.split("…").map(escaped).join(".*");
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
