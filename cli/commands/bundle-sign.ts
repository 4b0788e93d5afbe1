import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openMembers } from "@polity/runtime/bundle-contents.ts";
import { MANIFEST_PATH, STATEMENT_PATH } from "@polity/runtime/bundle-paths.ts";
import { signBundle } from "@polity/runtime/bundle-write.ts";
import { type OpenedBundle, openBundle, updateManifest } from "../bundle-files.ts";
import { EXIT } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { readSigner } from "../key-files.ts";
import { nameOf } from "../read-file.ts";
import { answerNo, type Refusal } from "../refusal.ts";
import { bundleData, bundleRows, type Described, describeBundle } from "../render-bundle.ts";
import { columns } from "../table.ts";
import { tellNote } from "../tell.ts";
import { printLine } from "../terminal.ts";
import { visible } from "../words.ts";

export async function run({ operands, values, switches }: Invocation): Promise<number> {
  const [path = ""] = operands;
  const json = switches.has("json");
  const signer = await readSigner(values.get("key") ?? "");
  const opened = openBundle(path);
  if (!opened.ok) return answerNo(nameOf(path), opened, json);
  const sound = soundBundle(opened);
  if (!sound.ok) return answerNo(nameOf(path), sound, json);
  const { id } = signer.publicKey;
  const isSigned = sound.keyIds.includes(id);
  const files = await signBundle(opened.files, signer);
  if (files !== opened.files) updateManifest(path, opened, files);
  const described: Described = { ...sound, keyIds: isSigned ? sound.keyIds : [...sound.keyIds, id].sort() };
  if (json) {
    await printLine(JSON.stringify({ bundle: path, isNew: !isSigned, keyId: id, ...bundleData(described) }));
    return EXIT.done;
  }
  if (isSigned) await tellNote("this key has signed before: nothing is different");
  const lines = columns(bundleRows(described)).map((line) => `  ${line}`);
  await printLine([visible(path), ...lines].join("\n"));
  return EXIT.done;
}

/** Whoever signs vouches for files, so these must be the ones that the manifest lists. */
function soundBundle({ files }: OpenedBundle): Described | Refusal {
  const described = describeBundle(files);
  if (!described.ok) return described;
  const contents = new Map(files);
  contents.delete(MANIFEST_PATH);
  contents.delete(STATEMENT_PATH);
  const checked = openMembers(described.manifest, contents, nodeCrypto, () => undefined);
  if (checked.ok) return described;
  const { code, message } = checked;
  return { ok: false, code, message, hint: "sign what pol bundle create wrote, or create it again" };
}
