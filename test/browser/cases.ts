import type { Header } from "@polity/runtime/header.ts";
import type { RequestResult } from "@polity/runtime/request.ts";
import type { Decision } from "@polity/runtime/result.ts";
import { SOURCES } from "../support/vector-sources.ts";

export interface BrowserCase {
  readonly action: string;
  readonly fields: unknown;
  readonly header: Header;
}

export interface BrowserReport {
  readonly evaluator: string;
  readonly facts: string;
  readonly decisions: readonly (Omit<Decision, "explained"> & { readonly request: RequestResult })[];
  readonly verdict: string;
  /** Of the Content-Security-Policy, while deciding. */
  readonly violations: number;
  readonly isEvalBlocked: boolean;
}

export const BROWSER_SOURCE = SOURCES.get("types")!;

/** 200 requests: every case of the vectors, at different times, with text of different lengths. */
export function browserCases(): readonly BrowserCase[] {
  const cases: BrowserCase[] = [];
  for (let round = 0; cases.length < 200; round += 1) {
    for (const { action, fields, header } of BROWSER_SOURCE.cases) {
      const changed = round === 0 ? fields : { ...(fields as object), memo: "é".repeat(round), big: round };
      cases.push({
        action,
        fields: changed,
        header: { ...header, now: header.now + round * 7_000, trust: round * 90 },
      });
    }
  }
  return cases.slice(0, 200);
}
