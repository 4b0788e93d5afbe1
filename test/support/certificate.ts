/** Certificates of one's own. */
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";

/** `NAME.crt` and `NAME.key`: self-signed, for this machine. */
export function certificate(dir: string, name: string, host: string): void {
  const subject = ["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host},IP:127.0.0.1`];
  const files = ["-keyout", `${name}.key`, "-out", `${name}.crt`];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const { status, stderr } = spawnSync("openssl", ["req", "-x509", ...kind, ...files, ...subject], {
    cwd: dir,
  });
  if (status !== 0) throw new Error(String(stderr));
  chmodSync(join(dir, `${name}.key`), 0o600);
}
