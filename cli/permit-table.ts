/** The rows of the table of commands for permits. */
import {
  type Command,
  files,
  HELP,
  JSON_OPTION,
  outputOption,
  required,
  switchOf,
  withValue,
} from "./command.ts";

const issue: Command = {
  name: "permit issue",
  summary: "Permit another service what a decision in a log allowed",
  operands: { ...files("DIR", 1, []), isFolder: true },
  options: [
    required(withValue("index", "N", "which entry of the log, from 0")),
    required(withValue("key", "NAME.pem", "the private key to sign with")),
    required(withValue("issuer", "NAME", "who issues it")),
    required(withValue("audience", "NAME", "the service that it is for")),
    withValue("for", "SECONDS", "how long it lives, 1 to 3600 (default: 60)"),
    withValue("max-age", "SECONDS", "how old the decision may be (default: 300)"),
    withValue("now", "TIME", "when, RFC 3339 with Z (default: now)"),
    switchOf("discharged", null, "the obligations that are due before have been discharged"),
    withValue("request", "OUT.json", "also write the request, which the service needs"),
    outputOption("OUT", "where to write the permit (default: standard output)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol permit issue decisions --index 7 --key host.pem --issuer eu-1/n7 --audience payments",
      says: "prints a permit that payments accepts once, within a minute",
    },
    {
      line: "pol permit issue … -o refund.permit --request refund.request.json",
      says: "writes permit and request; only you can read them",
    },
  ],
  exits: ["0 done", "1 the entry allows nothing, is too old, or its request was erased"],
};

const verify: Command = {
  name: "permit verify",
  summary: "Say whether a service would accept a permit",
  operands: files("FILE", 1, [".permit", ".jwt"]),
  options: [
    withValue("key", "NAME.pub.pem", "the public key of the issuer"),
    withValue("issuer", "NAME", "with --key: whose key it is"),
    withValue("trust", "PATH", "a trust root instead: a file, or a folder with its versions"),
    withValue("pin", "DIGEST", "with --trust: what the digest of its first version must be"),
    required(withValue("audience", "NAME", "the service that asks")),
    required(withValue("action", "NAME", "what it is about to do")),
    required(withValue("request", "R.json", 'the request: {"action": …, "fields": {…}}')),
    withValue("epoch-min", "N", "the oldest epoch that counts (default: 0)"),
    withValue("leeway", "SECONDS", "how far clocks may differ, 0 to 60 (default: 0)"),
    withValue("now", "TIME", "when, RFC 3339 with Z (default: now)"),
    JSON_OPTION,
    HELP,
  ],
  examples: [
    {
      line: "pol permit verify refund.permit --key host.pub.pem --issuer eu-1/n7 --audience payments …",
      says: "all checks but one: this command does not remember what was used",
    },
    {
      line: "pol permit verify refund.permit --trust trust --audience payments …",
      says: "by whoever the trust root lets issue permits",
    },
  ],
  exits: ["0 a service would accept it, if it was not used before", "1 it is refused"],
};

export const PERMIT_COMMANDS: readonly Command[] = [issue, verify];
