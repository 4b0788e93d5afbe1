/** By which a file that is looked at again and again is known to have changed. */
import { statSync } from "node:fs";

/** Another text for another content, another file, other rights, or another reason why nobody can look. */
export function fileStamp(path: string): string {
  try {
    const { dev, ino, mode, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [dev, ino, mode, size, mtimeNs, ctimeNs].join(":");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "";
  }
}
