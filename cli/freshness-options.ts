/** What `pol freshness issue` and `check` are about: an epoch of a set, said by a bundle or by options. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openManifest } from "@polity/runtime/bundle-manifest.ts";
import { BUNDLE_BYTES_MAX } from "@polity/runtime/bundle-paths.ts";
import type { Active } from "@polity/runtime/freshness.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import { openBundle } from "./bundle-files.ts";
import { bundleHint } from "./bundle-hints.ts";
import { countOption } from "./count-option.ts";
import { digestOption } from "./digest-option.ts";
import { type Invocation, usage } from "./invocation.ts";
import { labelOption } from "./label-option.ts";
import type { Refusal } from "./refusal.ts";
import { describeBundle } from "./render-bundle.ts";

const NEEDED = ["set", "epoch", "digest"];
const SAID_BY_BUNDLE = [...NEEDED, "audience"];

/** What the options say; null where a bundle says it. Fails where neither does, or both do. */
export function activeOf(invocation: Invocation): Active | null {
  const { command, values } = invocation;
  if (values.has("bundle")) {
    const twice = SAID_BY_BUNDLE.find((name) => values.has(name));
    if (twice !== undefined) throw usage(command, `--bundle and --${twice} exclude each other`);
    return null;
  }
  const missing = NEEDED.find((name) => !values.has(name));
  if (missing !== undefined) throw usage(command, `--bundle is missing, or --${missing}`);
  return {
    set: labelOption(invocation, "set") ?? "",
    audience: labelOption(invocation, "audience"),
    epoch: countOption(invocation, "epoch", 1) ?? 1,
    digest: digestOption(invocation, "digest") ?? "",
  };
}

/** The epoch of a bundle that policy keys of this trust root have signed: nobody vouches for another. */
export function activeOfBundle(path: string, root: TrustRoot, nowMs: number): Active | Refusal {
  const opened = openBundle(path);
  if (!opened.ok) return opened;
  const described = describeBundle(opened.files);
  const claimed = described.ok ? described.manifest : null;
  const asked = { set: claimed?.name ?? "?", audience: claimed?.audience ?? null };
  const wanted = { ...asked, nowMs, bytesMax: BUNDLE_BYTES_MAX };
  const signed = openManifest(opened.files, root, wanted, nodeCrypto, () => undefined);
  if (!signed.ok) {
    const { code, message } = signed;
    return { ok: false, code, message, hint: bundleHint(code) };
  }
  const { name, audience, epoch } = signed.manifest;
  return { set: name, audience, epoch, digest: signed.digest };
}
