/** The rows of the table of commands for bundles. */
import {
  type Command,
  files,
  HELP,
  JSON_OPTION,
  type Operands,
  type Option,
  outputOption,
  required,
  switchOf,
  withValue,
} from "./command.ts";

const PRIVATE_KEY = "NAME.pem";
const FROM = withValue("from", "TIME", "when it starts to be valid, RFC 3339 with Z (default: now)");
const UNTIL = withValue("until", "TIME", "from when on it is refused (default: 90 days after --from)");

/** Of `pol decide`, where it is given a bundle. */
export const DECIDE_BUNDLE_OPTIONS: readonly Option[] = [
  withValue("trust", "PATH", "with a BUNDLE: the trust root, a file or a folder with its versions"),
  withValue("freshness", "NOTE.fresh.json", "with a BUNDLE: who says that it is the latest epoch"),
  withValue("continue", "SECONDS", "with a BUNDLE: go on after the note, as long as the trust root lets"),
  withValue("floor", "DIR", "with a BUNDLE: where it is kept which epoch was activated last"),
  switchOf("first-start", null, "with a BUNDLE: nothing is kept there yet"),
  withValue("audience", "NAME", "with a BUNDLE: where this is (default: where the bundle says)"),
  withValue("pin", "DIGEST", "with a BUNDLE: what the digest of the trust root's first version must be"),
  withValue("now", "TIME", "with a BUNDLE: when it is loaded, RFC 3339 with Z (default: now)"),
];

const bundle: Operands = { ...files("BUNDLE", 1, [".tar"]), isFolder: true };

const create: Command = {
  name: "bundle create",
  summary: "Put a policy set together as it is published",
  operands: files("SET.json", 1, [".json"]),
  options: [
    required(outputOption("OUT", "a file that ends in .tar, or a folder that is not there yet")),
    required(withValue("set", "NAME", "what the set is called, which hosts ask for")),
    required(withValue("epoch", "N", "the epoch: higher than any before")),
    withValue("version", "N", "the version of what it says (default: the epoch)"),
    switchOf("rollback", null, "it goes back to an older version, on purpose"),
    withValue("audience", "NAME", "where it may run; hosts of another audience refuse it (default: none)"),
    withValue("facts", "FACTS.json", "the snapshot for all members, settings included (default: none)"),
    withValue("facts-envelope", "FACTS.dsse.json", "who signed it (default: FACTS with .dsse.json)"),
    FROM,
    UNTIL,
    withValue("root", "DIR", "the project, from which files may be imported (default: the set's folder)"),
    switchOf("no-cache", null, "build anew, whatever was built before"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol bundle create set.json --set payments --epoch 7 -o payments-7.tar",
      says: "evaluators and sources of all members, still without a signature",
    },
    {
      line: "pol bundle create set.json --set payments --epoch 8 --audience eu-1 --facts facts.json -o next",
      says: "with facts that pol facts sign has signed, as a folder",
    },
    {
      line: "pol bundle create set.json --set payments --epoch 9 --version 7 --rollback -o back.tar",
      says: "older content as a new epoch",
    },
  ],
  exits: ["0 done", "1 the set or its facts are refused"],
};

const sign: Command = {
  name: "bundle sign",
  summary: "Add a signature to a bundle",
  operands: bundle,
  options: [required(withValue("key", PRIVATE_KEY, "the private key to sign with")), JSON_OPTION, HELP],
  examples: [
    {
      line: "pol bundle sign payments-7.tar --key anna.pem",
      says: "shows what is signed; the next signer does the same with the file that comes out",
    },
  ],
  exits: ["0 done", "1 the bundle is refused, and not signed"],
};

const verify: Command = {
  name: "bundle verify",
  summary: "Say whether a host would load a bundle",
  operands: bundle,
  options: [
    required(
      withValue(
        "trust",
        "PATH",
        "the trust root: a file, or a folder with 1.root.json, 2.root.json and so on",
      ),
    ),
    withValue("set", "NAME", "the set that is wanted (default: the one that it says it is)"),
    withValue("audience", "NAME", "where it is to run (default: where it says)"),
    withValue("freshness", "NOTE.fresh.json", "who says that it is the latest epoch (default: not asked)"),
    withValue("floor", "DIR", "the epoch floor of a host, which is read (default: not asked)"),
    withValue("pin", "DIGEST", "what the digest of the trust root's first version must be"),
    withValue("now", "TIME", "when, RFC 3339 with Z (default: now)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    { line: "pol bundle verify payments-7.tar --trust trust", says: "every check, in the order of a host" },
    {
      line: "pol bundle verify payments-7.tar --trust trust --set payments --freshness now.fresh.json",
      says: "as a host that wants payments, and news of it",
    },
  ],
  exits: ["0 a host would load it", "1 it is refused"],
};

const inspect: Command = {
  name: "bundle inspect",
  summary: "Show what a bundle says about itself",
  operands: bundle,
  options: [JSON_OPTION, HELP],
  examples: [
    { line: "pol bundle inspect payments-7.tar", says: "set, epoch, members and files; nothing is verified" },
  ],
  exits: ["0 done", "1 it is no bundle"],
};

const rebuild: Command = {
  name: "rebuild",
  summary: "Compile the sources in a bundle, and compare",
  operands: bundle,
  options: [JSON_OPTION, HELP],
  examples: [
    {
      line: "pol rebuild payments-7.tar",
      says: "whether each evaluator is what its sources make, byte for byte",
    },
  ],
  exits: ["0 every evaluator is the same", "1 one is not, or cannot be built with this pol"],
};

const factsSign: Command = {
  name: "facts sign",
  summary: "Sign facts, for a bundle",
  operands: files("FACTS.json", 1, [".json"]),
  options: [
    required(withValue("key", PRIVATE_KEY, "the private key to sign with")),
    withValue("set", "NAME", "the set that may decide by them; said by whoever signs first"),
    withValue("audience", "NAME", "where they hold (default: anywhere)"),
    withValue("version", "N", "the version of these facts (default: 1)"),
    FROM,
    UNTIL,
    outputOption("OUT", "the envelope, to which a signature is added (default: FACTS with .dsse.json)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol facts sign facts.json --set payments --version 12 --key directory.pem",
      says: "writes facts.dsse.json",
    },
    { line: "pol facts sign facts.json --key operators.pem", says: "adds another signature to it" },
  ],
  exits: ["0 done", "1 the facts are no JSON"],
};

export const BUNDLE_COMMANDS: readonly Command[] = [create, sign, verify, inspect, rebuild, factsSign];
