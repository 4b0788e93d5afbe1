/** The files of a project on the disk: what an import finds, and what it must not reach. */
import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import type { FindFile, Found } from "@polity/compiler/files.ts";
import { failure } from "./failure.ts";
import { nameOf, readTextNow } from "./read-file.ts";

export interface Project {
  /** Of the file that was named, from the root, `/` between folders. */
  readonly name: string;
  readonly find: FindFile;
  /** Where a file of the project is, as a user would write it. */
  readonly pathOf: (file: string) => string;
  /** What was looked for so far, found or not. */
  readonly looked: ReadonlySet<string>;
}

/** As the compiler has it for all files together. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

/** `root`: the folder above which nothing is imported; null for the folder of the file itself. */
export function openProject(path: string, root: string | null): Project {
  const folder = root ?? (path === "-" ? "." : dirname(path));
  const name = root === null ? basename(path) : nameBelow(path, root);
  const looked = new Set<string>();
  const pathOf = (file: string) => join(folder, file);
  const find: FindFile = (file) => {
    looked.add(pathOf(file));
    return read(folder, file);
  };
  return { name, find, pathOf, looked };
}

function nameBelow(path: string, root: string): string {
  const name = relative(root, path).split(sep).join("/");
  if (path === "-") return path;
  if (name === ".." || name.startsWith("../") || name.includes(":")) {
    throw failure(`${nameOf(path)} is not below ${nameOf(root)}`, "--root is a folder above the file");
  }
  return name;
}

/** A link may lead anywhere within the project, and nowhere else: what is built must lie in the project. */
function read(folder: string, file: string): Found {
  try {
    const root = realpathSync(folder);
    const real = realpathSync(join(folder, file));
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep))
      return refused("it is a link out of the project");
    const stat = statSync(real);
    if (!stat.isFile()) return refused("it is no file");
    if (stat.size > FILE_BYTES_MAX) return refused("it has more than 16 MiB");
    const text = readTextNow(real);
    return text === null ? refused("it is no UTF-8 text") : { kind: "text", text };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return code === "ENOENT" || code === "ENOTDIR" ? { kind: "missing" } : refused(`the system says ${code}`);
  }
}

function refused(why: string): Found {
  return { kind: "refused", why };
}
