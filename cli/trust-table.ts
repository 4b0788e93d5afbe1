/** The rows of the table of commands for trust roots and freshness notes. */
import {
  type Command,
  files,
  HELP,
  JSON_OPTION,
  outputOption,
  required,
  severalOf,
  withValue,
} from "./command.ts";

const ROOT_FILE = "N.root.json";
const ENDINGS = [".root.json"];
const PRIVATE_KEY = "NAME.pem";
const PUBLIC_KEY = "NAME.pub.pem";

const PLAN = withValue("plan", "PLAN.json", "the roles in a file (docs/trust.md), instead of in options");
const SIGN = severalOf(withValue("sign", PRIVATE_KEY, "sign with this private root key; several times"));
const UNTIL = withValue("until", "TIME", "when it expires, RFC 3339 with Z (default: in 365 days)");
const NOW = withValue("now", "TIME", "when, RFC 3339 with Z (default: now)");
const TRUST = required(
  withValue("trust", "PATH", "the trust root: a file, or a folder with 1.root.json, 2.root.json and so on"),
);
const PIN = withValue("pin", "DIGEST", "what the first version's digest must be");

const init: Command = {
  name: "trust init",
  summary: "Make a trust root: whose keys count, and for what",
  operands: { ...files("", 0, []), min: 0 },
  options: [
    withValue("name", "NAME", "what it governs, the same in all versions"),
    severalOf(withValue("key", PUBLIC_KEY, "a key that holds the root and signs policies; several times")),
    withValue("threshold", "K", "how many of these keys have to sign (default: more than half)"),
    severalOf(
      withValue(
        "freshness-key",
        PUBLIC_KEY,
        "a key that signs freshness notes; several times (default: --key)",
      ),
    ),
    severalOf(withValue("set", "NAME", "a policy set that may be signed; several times")),
    severalOf(
      withValue("audience", "NAME", "a place that may be signed for; several times (default: no place)"),
    ),
    PLAN,
    UNTIL,
    SIGN,
    outputOption("FILE", "where to write it; it must not be there (default: 1.root.json)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol trust init --name acme --set payments --key a.pub.pem --key b.pub.pem --key c.pub.pem",
      says: "two of three keys have to sign; nobody has yet: pol trust sign",
    },
    {
      line: "pol trust init --plan trust.json --sign a.pem --sign b.pem",
      says: "roles from a file, signed at once by two who are here",
    },
  ],
  exits: ["0 done, also where signatures are missing yet"],
};

const rotate: Command = {
  name: "trust rotate",
  summary: "Make the next version of a trust root",
  operands: files(ROOT_FILE, 1, ENDINGS),
  options: [
    severalOf(
      withValue(
        "add",
        "ROLE=KEY",
        "a public key (NAME.pub.pem) for root, policy or freshness; several times",
      ),
    ),
    severalOf(
      withValue("remove", "ROLE=KEY", "that key (NAME.pub.pem, or its id) leaves the role; several times"),
    ),
    severalOf(withValue("threshold", "ROLE=K", "how many keys of the role have to sign; several times")),
    PLAN,
    UNTIL,
    withValue("min-epoch", "N", "no epoch below may be activated from then on (default: as before)"),
    SIGN,
    outputOption("FILE", "where to write it; it must not be there (default: beside, with the next number)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol trust rotate 1.root.json --remove root=c.pub.pem --add root=d.pub.pem --sign a.pem",
      says: "writes 2.root.json, where d comes for c; others sign it later",
    },
    {
      line: "pol trust rotate 1.root.json --remove policy=c.pub.pem --min-epoch 43",
      says: "not signed yet; epochs that c may have signed are not let in any more",
    },
  ],
  exits: ["0 done, also where signatures are missing yet", "1 the old version is not signed as it must be"],
};

const sign: Command = {
  name: "trust sign",
  summary: "Add signatures to a version of a trust root",
  operands: files(ROOT_FILE, 1, ENDINGS),
  options: [
    required(
      severalOf(
        withValue("key", PRIVATE_KEY, "a private root key of this version or the one before; several times"),
      ),
    ),
    withValue("previous", ROOT_FILE, "the version before, whose keys have to sign too"),
    outputOption("FILE", "where to write it (default: FILE itself)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol trust sign 2.root.json --previous 1.root.json --key bert.pem",
      says: "shows what is signed, and whose signatures are still missing",
    },
  ],
  exits: ["0 done, also where signatures are missing yet", "1 the file is no trust root"],
};

const show: Command = {
  name: "trust show",
  summary: "Show a trust root, and check its versions",
  operands: {
    ...files("PATH…", Number.POSITIVE_INFINITY, ENDINGS),
    isFolder: true,
  },
  options: [PIN, NOW, JSON_OPTION, HELP],
  examples: [
    { line: "pol trust show trust", says: "a folder with 1.root.json, 2.root.json and so on" },
    { line: "pol trust show 4.root.json 5.root.json", says: "the step from one to the other" },
  ],
  exits: ["0 a host would trust it", "1 it would not"],
};

const ABOUT = [
  withValue("bundle", "BUNDLE", "the bundle, signed by policy keys: its set, audience, epoch and digest"),
  withValue("set", "NAME", "without --bundle: the policy set"),
  withValue("audience", "NAME", "without --bundle: where it runs (default: bound to no place)"),
  withValue("epoch", "N", "without --bundle: the epoch"),
  withValue("digest", "DIGEST", "without --bundle: of that epoch's manifest"),
];

const issue: Command = {
  name: "freshness issue",
  summary: "Say which epoch of a set is the latest one",
  operands: { ...files("", 0, []), min: 0 },
  options: [
    TRUST,
    ...ABOUT,
    required(severalOf(withValue("key", PRIVATE_KEY, "a private freshness key; several times"))),
    withValue("from", "TIME", "from when on it holds, RFC 3339 with Z (default: now)"),
    withValue("until", "TIME", "until when (default: 10 minutes after --from)"),
    PIN,
    outputOption("FILE", "where to write the note; - for standard output (default: NAME.fresh.json)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol freshness issue --trust trust --bundle payments-42.tar --key online.pem",
      says: "writes payments.fresh.json, which holds for ten minutes",
    },
  ],
  exits: ["0 done", "1 the trust root is refused, or does not let this key say that"],
};

const check: Command = {
  name: "freshness check",
  summary: "Say whether an epoch is the latest one",
  operands: files("NOTE.fresh.json", 1, [".fresh.json"]),
  options: [TRUST, ...ABOUT, PIN, NOW, JSON_OPTION, HELP],
  examples: [
    {
      line: "pol freshness check payments.fresh.json --trust trust --bundle payments-42.tar",
      says: "as a host asks before it goes on",
    },
  ],
  exits: ["0 it is", "1 it is not, or nobody says so any more"],
};

export const TRUST_COMMANDS: readonly Command[] = [init, rotate, sign, show, issue, check];
