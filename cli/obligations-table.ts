/** The row of the table of commands for what is owed after what was allowed. */
import { type Command, files, HELP, JSON_OPTION, withValue } from "./command.ts";
import { TRUST_OPTIONS } from "./trust-options.ts";

const list: Command = {
  name: "obligations list",
  summary: "List what is due after what was allowed, and not done yet",
  operands: { ...files("DIR|URL", 1, []), isFolder: true },
  options: [
    withValue("key", "NAME.pub.pem", "the public key of the log (default: no signature is checked)"),
    ...TRUST_OPTIONS,
    withValue("policy", "POLICY", "which logs are meant, and how many witnesses must have cosigned"),
    withValue("origin", "NAME", "the log that is meant (default: any)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol obligations list journal --key log.pub.pem",
      says: "by the log alone, as far as it is published; also while no service runs",
    },
  ],
  exits: ["0 done, also where nothing is owed", "1 the log is not what was signed"],
};

export const OBLIGATION_COMMANDS: readonly Command[] = [list];
