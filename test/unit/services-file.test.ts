/** The file of services that policies may have told. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readServices } from "../../cli/services-file.ts";
import { freshFolder } from "../support/file-log.ts";

const SECRET = `whsec_${"AAAA".repeat(8)}`;
const DESK = { url: "https://desk.example.com/hook", secret: SECRET };

function fileOf(content: unknown, mode = 0o600): string {
  const path = join(freshFolder(), "services.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  chmodSync(path, mode);
  return path;
}

test("names services, and nobody is told without one", async () => {
  expect(await readServices(undefined)).toEqual(new Map());
  const { url } = DESK;
  expect(await readServices(fileOf({ desk: DESK }))).toEqual(
    new Map([["desk", { url, secret: new Uint8Array(24) }]]),
  );
});

test.each([
  ["[]", "no object"],
  ["{", "no file of services"],
  ['{"desk":1,"desk":2}', "no file of services"],
  [{ desk: null }, "a url, a secret and nothing else"],
  [{ desk: { url: DESK.url } }, "a url, a secret and nothing else"],
  [{ desk: { ...DESK, more: 1 } }, "a url, a secret and nothing else"],
  [{ desk: { ...DESK, secret: "AAAA" } }, "no whsec_"],
  [{ desk: { ...DESK, secret: "whsec_" } }, "no whsec_"],
  [{ desk: { ...DESK, secret: "whsec_AAAAB" } }, "no whsec_"],
  [Object.fromEntries(Array.from({ length: 257 }, (_, at) => [`s${at}`, DESK])), "more than 256"],
])("is refused: %j", async (content, why) => {
  await expect(readServices(fileOf(content))).rejects.toThrow(why);
});

test("is its owner's alone", async () => {
  if (process.platform === "win32") return;
  await expect(readServices(fileOf({ desk: DESK }, 0o644))).rejects.toThrow("open to other users");
});
