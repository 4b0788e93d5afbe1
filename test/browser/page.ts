/** Runs in the page: loads the evaluator, decides every case, and sends back what it decided. */
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { outcomeOf } from "@polity/runtime/index.ts";
import type { BrowserCase, BrowserReport } from "./cases.ts";

declare const document: {
  addEventListener(type: string, listener: (event: { readonly violatedDirective: string }) => void): void;
};

const violations: string[] = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective }) =>
  violations.push(violatedDirective),
);

async function run(): Promise<BrowserReport> {
  const wasm = new Uint8Array(await (await fetch("/evaluator.wasm")).arrayBuffer());
  const facts = new Uint8Array(await (await fetch("/facts.json")).arrayBuffer());
  const cases = (await (await fetch("/cases.json")).json()) as readonly BrowserCase[];
  const loaded = await loadUnsigned(wasm, { facts });
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  const { host } = loaded;
  const decisions = cases.map(({ action, fields, header }) => {
    const { explained: _, ...decision } = host.decide(action, fields, header);
    return { ...decision, request: host.request(action, fields) };
  });
  const [first] = cases;
  const outcome =
    first === undefined ? null : outcomeOf(host.decide(first.action, first.fields, first.header));
  const before = violations.length;
  return {
    evaluator: host.evaluator,
    facts: host.facts,
    decisions,
    verdict: outcome?.verdict ?? "",
    violations: before,
    isEvalBlocked: isEvalBlocked(),
  };
}

/** That the page's own policy is in force. */
function isEvalBlocked(): boolean {
  try {
    return new Function("return false")() as boolean;
  } catch {
    return true;
  }
}

const report = await run().catch((error: unknown) => ({ error: String(error) }));
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
