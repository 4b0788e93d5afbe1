/** What to do about a bundle that is refused. */

const AGAIN = "get the bundle again from whoever published it";
const CREATE = "make it again with pol bundle create";
const MORE_SIGNERS = "pol bundle sign adds the signatures of those who have the keys";
const SCOPE = "pol trust show says what the keys of a root may sign for";
const FACTS = "pol facts sign signs facts; pol trust show says who may supply what";

const HINTS: ReadonlyMap<string, string> = new Map([
  ["bundle.archive", "an archive is as pol bundle wrote it; what other tools pack is given as a folder"],
  ["bundle.link", "give the file itself"],
  ["bundle.path", "docs/bundles.md says what may be in a bundle"],
  ["bundle.too_large", "docs/bundles.md says how large a bundle may be"],
  ["bundle.unsigned", MORE_SIGNERS],
  ["envelope.too_large", AGAIN],
  ["envelope.malformed", AGAIN],
  ["envelope.payload_type", AGAIN],
  ["envelope.wrong_key", "give the trust root of whoever signed, or have it signed by its policy keys"],
  ["envelope.bad_signature", AGAIN],
  ["envelope.threshold", MORE_SIGNERS],
  ["bundle.manifest", CREATE],
  ["bundle.wrong_name", "--set says which set is wanted"],
  ["bundle.not_granted", SCOPE],
  [
    "bundle.wrong_audience",
    "--audience says where it is to run; for another place it is made and signed anew",
  ],
  ["bundle.not_yet_valid", "wait, or make it again with another --from"],
  ["bundle.expired", "no host takes it any more; --now asks about another time"],
  ["bundle.missing", AGAIN],
  ["bundle.extra", "take the file away, or get the bundle again"],
  ["bundle.altered", AGAIN],
  ["bundle.member", CREATE],
  ["bundle.sources", CREATE],
  ["bundle.facts_unsigned", FACTS],
  ["bundle.facts_statement", FACTS],
  ["bundle.facts_not_yet_valid", "wait, or sign them for an earlier time"],
  ["bundle.facts_expired", "sign fresh facts, and publish them as a new epoch"],
  ["bundle.facts_malformed", "facts are one JSON text"],
  ["bundle.facts_not_granted", FACTS],
  ["bundle.not_kept", "--floor names the folder where it is; --first-start is for a host that never had one"],
  ["epoch.below_minimum", "publish an epoch that the trust root lets in"],
  ["epoch.rolled_back", "older content is published as a new epoch: pol bundle create --rollback"],
  ["epoch.forked", "ask who holds the keys: of one epoch there is one manifest"],
  ["freshness.missing", "pol freshness issue writes notes; --freshness says where one is"],
  ["freshness.behind", "get the bundle of that epoch"],
  ["freshness.expired", "get a new note; --now asks about another time"],
]);

export function bundleHint(code: string): string | null {
  return HINTS.get(code) ?? null;
}
