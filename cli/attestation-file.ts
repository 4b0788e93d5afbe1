/** The statement about what runs, in a file that whoever starts workloads keeps up to date. */
import type { GovernorCode } from "@polity/governor/codes.ts";
import type { Execution, Governor, Refusal } from "@polity/governor/governor.ts";
import { isFailure } from "./failure.ts";
import { fileStamp } from "./file-stamp.ts";
import { nameOf, readGivenFile, utf8Text } from "./read-file.ts";
import { tellNote } from "./tell.ts";
import { visible } from "./words.ts";

export interface AttestationFile {
  /** Fails where the file cannot be read; whether it counts is for the governor to say. */
  readonly read: () => Promise<string>;
  /** Until it is stopped. `shown` is what the execution began with. */
  readonly follow: (governor: Governor, execution: Execution, shown: string) => { readonly stop: () => void };
}

/** No statement in its envelope is larger. */
const ATTESTATION_BYTES_MAX = 64 * 1024;
const LOOK_MS = 250;
/** A file that is being written is looked at again; what is wrong for longer than that is wrong. */
const LOOKS_MAX = 2;

export function openAttestationFile(path: string): AttestationFile {
  return {
    read: () => readAttestation(path),
    follow: (governor, execution, shown) => follow(path, governor, execution, shown),
  };
}

/** What is no text is no statement, which whoever verifies it says. A mounted secret is a link. */
export async function readAttestation(path: string): Promise<string> {
  return utf8Text(await readGivenFile(path, ATTESTATION_BYTES_MAX, true)) ?? "";
}

function follow(path: string, governor: Governor, execution: Execution, shown: string) {
  let known = shown;
  let stamp: string | null = null;
  let wrong = 0;
  let isLooking = false;

  async function look(): Promise<void> {
    const now = fileStamp(path);
    if (now === stamp && wrong === 0) return;
    const said = await takeIn();
    if (said === null) {
      [stamp, wrong] = [now, 0];
      return;
    }
    wrong += 1;
    if (wrong < LOOKS_MAX) return;
    clearInterval(timer);
    await tellNote(`${nameOf(path)} counts no longer: ${said.code}: ${visible(said.message)}`);
    await governor.withdraw(execution.id, said);
  }

  async function takeIn(): Promise<Refusal | null> {
    let text: string;
    try {
      text = await readAttestation(path);
    } catch (error) {
      const message = isFailure(error) ? error.message : String(error);
      return { ok: false, code: "attestation.malformed" satisfies GovernorCode, message };
    }
    if (text === known) return null;
    const said = await governor.attest(execution.id, text);
    if (!said.ok) return said;
    known = text;
    await tellNote(`${nameOf(path)} was read again`);
    return null;
  }

  const timer = setInterval(() => {
    if (isLooking || execution.signal.aborted) return;
    isLooking = true;
    void look().finally(() => {
      isLooking = false;
    });
  }, LOOK_MS);
  return { stop: () => clearInterval(timer) };
}
