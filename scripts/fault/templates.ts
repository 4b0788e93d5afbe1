/** Logs in the state in which a fault is to find them. Each is made once and copied for each case. */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Ledger, makeLedger } from "./ledger.ts";
import type { Place } from "./place.ts";
import type { Plan, Step } from "./plan.ts";
import { startWriter } from "./process.ts";

export interface Template {
  readonly ledger: Ledger;
  /** A copy of the log in folders of its own, gone with the case. */
  readonly copy: (name: string) => Place;
}

export interface TemplateOptions {
  readonly steps: readonly Step[];
  /** Whether the writer is killed when it has done its steps. */
  readonly killed?: boolean;
}

/** A log that a writer made by these steps; none where there are no steps. */
export async function makeTemplate(
  scratch: string,
  name: string,
  { steps, killed = false }: TemplateOptions,
): Promise<Template> {
  const ledger = makeLedger();
  const home = join(scratch, `template-${name}`);
  const place = placeBelow(home);
  mkdirSync(home, { recursive: true });
  if (steps.length > 0) {
    const last: Step = killed ? { do: "wait" } : { do: "close" };
    const plan: Plan = {
      ...place,
      create: true,
      steps: [...steps, last],
    };
    const running = startWriter(plan, ledger);
    if (killed && (await running.heard("waiting"))) running.child.kill("SIGKILL");
    const { said, errors } = await running.ended;
    if (!killed && !said.done) {
      throw new Error(`the template ${name} failed: ${JSON.stringify(said)} ${errors}`);
    }
  }
  let copies = 0;
  const copy = (of: string): Place => {
    copies += 1;
    // Copies of another template may have the same name at the same time.
    const called = `${name}-${of}`.replaceAll(/[^a-z0-9]+/gi, "-").slice(0, 80);
    const to = join(scratch, `${called}-${copies}`);
    cpSync(home, to, { recursive: true });
    return placeBelow(to);
  };
  return { ledger, copy };
}

function placeBelow(home: string): Place {
  return { dir: join(home, "log"), anchor: join(home, "anchor") };
}

/** The folder that holds log and anchor. */
export function removePlace({ dir }: Place): void {
  rmSync(join(dir, ".."), { recursive: true, force: true });
}

export function copyOf(ledger: Ledger): Ledger {
  return {
    acknowledged: new Map(ledger.acknowledged),
    notes: new Set(ledger.notes),
    variants: new Set(ledger.variants),
    erased: new Set(ledger.erased),
    problems: [...ledger.problems],
  };
}
