/** Names of container images. */
import { readHost } from "./hosts.ts";

export interface Image {
  /** A host, with a port where one is written. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** (spec 4.7.12) */
export function readImage(text: string): Image | undefined {
  const [name = "", digest, ...more] = text.split("@");
  if (more.length > 0 || (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest))) return undefined;
  const [writtenRegistry = "", ...rest] = name.split("/");
  const [repository = "", tag, ...others] = rest.join("/").split(":");
  if (others.length > 0 || (tag !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(tag)))
    return undefined;
  const registry = readRegistry(writtenRegistry);
  const components = repository.split("/");
  if (registry === undefined || !components.every(isComponent)) return undefined;
  if (registry.length + 1 + repository.length > 255) return undefined;
  // There, `name` is short for `library/name`.
  const isShort = components.length === 1 && /^docker\.io(?::|$)/.test(registry);
  return isShort ? undefined : { registry, repository, tag, digest };
}

export function imageText({ registry, repository, tag, digest }: Image): string {
  const shownTag = tag === undefined ? "" : `:${tag}`;
  return `${registry}/${repository}${shownTag}${digest === undefined ? "" : `@${digest}`}`;
}

/** What could be the first component of a repository is no registry. */
function readRegistry(text: string): string | undefined {
  const [, name = "", port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(text) ?? [];
  const host = readHost(name);
  if (host === undefined || host === "index.docker.io") return undefined;
  if (port !== undefined) {
    const isPort = /^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65_535;
    return isPort ? `${host}:${port}` : undefined;
  }
  return host.includes(".") || host.startsWith("[") || host === "localhost" ? host : undefined;
}

function isComponent(text: string): boolean {
  return /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/.test(text);
}
