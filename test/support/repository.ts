import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Project } from "./tidy.ts";

/** The folder that holds package.json, without a slash at its end. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Every file that is committed or could be (see .gitignore); binary files appear as text too. */
export function readRepository(): Project {
  const listing = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const paths = listing.split("\0").filter((path) => path !== "" && existsSync(`${ROOT}/${path}`));
  return new Map(paths.map((path) => [path, readFileSync(`${ROOT}/${path}`, "utf8")]));
}
