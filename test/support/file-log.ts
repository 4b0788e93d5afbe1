/** Logs in folders of their own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenOptions, openFileLog } from "@polity/lineage/file-store/open.ts";
import { type VerifyResult, verifyLog } from "@polity/lineage/file-store/verify.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { LogError, type LogStore } from "@polity/lineage/store.ts";
import { onTestFinished } from "vitest";
import { ORIGIN, signerOf } from "./lineage-log.ts";
import { dozen } from "./log-entries.ts";

export const SIGNER = signerOf(new Uint8Array(32).fill(1));
export const OTHER_SIGNER = signerOf(new Uint8Array(32).fill(2));

/** A folder that is gone after the test. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "polity-log-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function openOptions(changes: Partial<OpenOptions> = {}): OpenOptions {
  return { origin: ORIGIN, signer: SIGNER, crypto: nodeCrypto, create: true, checkpointMs: 0, ...changes };
}

/** Closes by itself when the test ends. */
export async function openLog(dir: string, changes: Partial<OpenOptions> = {}): Promise<LogStore> {
  const opened = await openFileLog(dir, openOptions(changes));
  if (!opened.ok) throw opened.error;
  onTestFinished(() => opened.store.close());
  return opened.store;
}

export async function refusedOpen(dir: string, changes: Partial<OpenOptions> = {}): Promise<LogError> {
  const opened = await openFileLog(dir, openOptions(changes));
  if (opened.ok) {
    await opened.store.close();
    throw new Error("the log was opened");
  }
  return opened.error;
}

/** Appends a dozen, publishes a checkpoint of them and closes the log. */
export async function writeDozen(dir: string, changes: Partial<OpenOptions> = {}): Promise<string> {
  const opened = await openFileLog(dir, openOptions(changes));
  if (!opened.ok) throw opened.error;
  await Promise.all(dozen().map(({ entry, opening }) => opened.store.append(entry, opening)));
  const note = await opened.store.checkpoint();
  await opened.store.close();
  return note;
}

export function verify(dir: string): Promise<VerifyResult> {
  return verifyLog(dir, SIGNER.publicKey, nodeCrypto);
}

/** What a promise rejects with, which must be a LogError. */
export async function rejection(promise: Promise<unknown>): Promise<LogError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof LogError)) throw new Error(`expected a LogError, got ${error}`);
  return error;
}

export async function refusedVerify(dir: string): Promise<LogError> {
  const result = await verify(dir);
  if (result.ok) throw new Error("the log was accepted");
  return result.error;
}

export async function dozenFolder(): Promise<string> {
  const dir = freshFolder();
  await writeDozen(dir);
  return dir;
}
