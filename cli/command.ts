/** What a row of the table of commands says, and how its parts are written. */

/** Two words where several commands share the first: `log append`. */
export type CommandName =
  | "check"
  | "fmt"
  | "test"
  | "build"
  | "inspect"
  | "decide"
  | "facts build"
  | "facts inspect"
  | "facts sign"
  | "bundle create"
  | "bundle sign"
  | "bundle verify"
  | "bundle inspect"
  | "rebuild"
  | "keygen"
  | "sign"
  | "verify"
  | "trust init"
  | "trust rotate"
  | "trust sign"
  | "trust show"
  | "freshness issue"
  | "freshness check"
  | "order issue"
  | "order verify"
  | "attest issue"
  | "attest verify"
  | "attest show"
  | "obligations list"
  | "approvals list"
  | "approvals show"
  | "approvals approve"
  | "approvals reject"
  | "log append"
  | "log checkpoint"
  | "log prove"
  | "log verify"
  | "replay"
  | "log open"
  | "log redact"
  | "permit issue"
  | "permit verify"
  | "log compare"
  | "log witness"
  | "log vkey"
  | "log get"
  | "log tail"
  | "log tree"
  | "log consistency"
  | "log fsck"
  | "log search"
  | "log export"
  | "import mcp"
  | "gateway mcp"
  | "gateway pins"
  | "serve"
  | "api-key add"
  | "api-key list"
  | "api-key remove"
  | "completion";

export interface Option {
  readonly name: string;
  readonly short: string | null;
  /** What the value is called in help; null: the option is a switch. */
  readonly value: string | null;
  /** The only values it takes; null: any. */
  readonly choices: readonly string[] | null;
  /** The command does not run without it. */
  readonly isRequired: boolean;
  /** Each value counts; of any other option, a second one is a mistake. */
  readonly isMany: boolean;
  readonly summary: string;
}

export interface Operands {
  /** As shown in the usage line; empty where there are none. */
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** Completion offers files with these endings, and the folders on the way; empty: no files. */
  readonly endings: readonly string[];
  /** A folder is meant, or may be. */
  readonly isFolder: boolean;
  /** Completion offers these words. */
  readonly choices: readonly string[];
  /** An option that stands in their place; null: none does. */
  readonly instead: string | null;
}

export interface Example {
  readonly line: string;
  readonly says: string;
}

export interface Command {
  readonly name: CommandName;
  readonly summary: string;
  readonly operands: Operands;
  /** What another program's command line behind `--` is called; left out: `--` only ends the options. */
  readonly behind?: string;
  readonly options: readonly Option[];
  readonly examples: readonly Example[];
  /** Exit codes beyond the common ones, as help prints them. */
  readonly exits: readonly string[];
}

export const switchOf = (name: string, short: string | null, summary: string): Option => ({
  name,
  short,
  value: null,
  choices: null,
  isRequired: false,
  isMany: false,
  summary,
});

export const withValue = (
  name: string,
  value: string,
  summary: string,
  choices: readonly string[] | null = null,
): Option => ({
  name,
  short: null,
  value,
  choices,
  isRequired: false,
  isMany: false,
  summary,
});

/** An option that may come several times. */
export const severalOf = (option: Option): Option => ({ ...option, isMany: true });

/** `-o`, where a command writes. */
export const outputOption = (value: string, summary: string): Option => ({
  ...withValue("output", value, summary),
  short: "o",
});

export const required = (option: Option): Option => ({ ...option, isRequired: true });

export const files = (label: string, max: number, endings: readonly string[]): Operands => ({
  label,
  min: 1,
  max,
  endings,
  isFolder: false,
  choices: [],
  instead: null,
});

export const HELP = switchOf("help", "h", "print this help");
export const JSON_OPTION = switchOf("json", null, "print one JSON object instead of text");
