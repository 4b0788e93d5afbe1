/** Options of commands that open a governor: a bundle in place of a policy, and the papers of others. */
import { DECIDE_BUNDLE_OPTIONS } from "./bundle-table.ts";
import { type Option, withValue } from "./command.ts";

const ABOUT_PAPERS: ReadonlyMap<string, Option> = new Map(
  [
    withValue(
      "trust",
      "PATH",
      "who may sign the bundle, orders and approvals: a file or a folder with versions",
    ),
    withValue("audience", "NAME", "where this is (default: where the bundle, or else the trust root, says)"),
    withValue("pin", "DIGEST", "what the digest of the trust root's first version must be"),
  ].map((option) => [option.name, option]),
);

export const GOVERNOR_OPTIONS: readonly Option[] = [
  ...DECIDE_BUNDLE_OPTIONS.map((option) => ABOUT_PAPERS.get(option.name) ?? option),
  withValue("set", "NAME", "for which set papers are (default: the only one of the trust root)"),
  withValue("papers", "DIR", "with --trust: where orders and approvals are put, and what waits is shown"),
  withValue("canaries", "FILE.json", "requests that the policy must deny, made again and again"),
  withValue("services", "FILE.json", "whom policies may have told: where each is, and the secret it shares"),
];
