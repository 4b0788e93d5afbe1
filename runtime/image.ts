/** Names of container images in the form that the evaluator gives them (docs/spec.md 4.7.12). */

const REGISTRY = "(\\[[^\\]]*\\]|[^/:@]+)(:[1-9][0-9]{0,4})?";
const COMPONENT = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const REPOSITORY = `${COMPONENT}(?:/${COMPONENT})*`;
const TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const FORM = new RegExp(`^${REGISTRY}/(${REPOSITORY})((?::${TAG})?(?:@sha256:[0-9a-f]{64})?)$`);

/** Null where it names none, or leaves its registry to whoever reads it. */
export function canonicalImage(text: string, canonicalHost: (host: string) => string | null): string | null {
  if (text.length > 1_024) return null;
  const [, written, port = "", repository, rest] = FORM.exec(text) ?? [];
  const host = written === undefined ? null : canonicalHost(written);
  if (host === null || Number(port.slice(1)) > 65_535 || host === "index.docker.io") return null;
  if (port === "" && !/[.[]/.test(host) && host !== "localhost") return null;
  if (host === "docker.io" && !repository!.includes("/")) return null;
  const name = `${host}${port}/${repository}`;
  return name.length > 255 ? null : name + rest;
}
