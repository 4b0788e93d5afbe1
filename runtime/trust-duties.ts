import type { TrustRoot } from "./trust-root.ts";

/** What a key is there for, for messages: `policy`, `the log example.com/other`, `permits of gate-1`. */
export function dutiesOf(root: TrustRoot, id: string): readonly string[] {
  const roles = [
    ["root", root.root],
    ["policy", root.policy],
    ["freshness", root.freshness],
    ...[...root.facts].map(([name, role]) => [`facts of ${name}`, role] as const),
    ...[...root.settings].map(([name, role]) => [`settings of ${name}`, role] as const),
  ] as const;
  const logs = [...root.logs].filter(([, keys]) => keys.some(({ key }) => key === id));
  const { approval, containment, permit } = root.issuers;
  const issuers = [
    ["approvals of", approval] as const,
    ["containment by", containment] as const,
    ["permits of", permit] as const,
  ];
  return [
    ...roles.filter(([, { keys }]) => keys.includes(id)).map(([name]) => name),
    ...logs.map(([origin]) => `the log ${origin}`),
    ...issuers.flatMap(([duty, by]) =>
      [...by].filter(([, ids]) => ids.includes(id)).map(([name]) => `${duty} ${name}`),
    ),
  ];
}
