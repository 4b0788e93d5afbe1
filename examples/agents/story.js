/**
 * What the three frameworks are given: tools that are governed, and what a scripted model asks of them. The
 * policy is that of the office; the clerk, who acts for the buyer, talks to a model of its own.
 */
import { govern } from "@polity/gateway/wrap/govern.ts";
import { z } from "zod";
import { inOffice, readBooks } from "../shared/office.js";
import { tell } from "../shared/tell.js";

/**
 * `converse({ script, tools, signal })` is a conversation in a framework: its model asks for each call of the
 * script, one after the other, and then says that it is done. It ends early where `signal` aborts.
 */
export function live(converse) {
  return inOffice(async (office) => {
    const { begin } = office;
    const buyer = await begin("buyer", "pay the bills");
    const clerk = clerkOf(office, buyer, converse);
    const calls = [
      ["pay", { amount: "25", to: "acme" }],
      ["pay", { amount: "250", to: "acme" }],
      ["hand_on", { year: 2025 }],
      ["pay", { amount: "25", to: "mallory" }],
    ];
    const { tool: pay, settled } = payTool(office, buyer);
    const tools = { pay, hand_on: clerk.tool };
    await converse({ script: scriptOf(calls), tools, signal: buyer.signal }).catch(unlessStopped(buyer));
    // Some frameworks do not wait for a tool that is under way when they are told to end.
    await settled();
    tell("buyer", "", `is stopped: ${buyer.signal.reason.code}`);
    tell("clerk", "", `is stopped in the middle of it: ${await clerk.stopped}`);
    tell("buyer", "begins anew", await begin("buyer", "try again").catch(({ message }) => message));
  });
}

const scriptOf = (calls) => calls.map(([name, input]) => ({ name, input }));

/** Whatever a framework throws when it is told to end: anything else is a mistake. */
const unlessStopped = (execution) => (error) => {
  if (!execution.signal.aborted) throw error;
};

function payTool({ governor, approve }, execution) {
  const pay = govern(({ amount, to }) => `sent ${amount} to ${to}`, {
    action: "pay",
    // Whatever else a model makes up is not judged, so it does not reach the function.
    input: ({ amount, to }) => ({ amount, to }),
    execution: () => execution,
    async hold(pending, { reasons }) {
      tell("buyer", "is held", reasons.join("; "));
      await approve(pending);
      tell("anna", "approves", "with a key of her own");
      return pay.resume(governor, pending);
    },
    // For a model, a refusal is a sentence that it reads.
    refuse: ({ verdict, reasons }) => `${verdict}: ${reasons.join("; ")}`,
  });
  async function paid(input) {
    const said = await pay(input);
    tell("buyer", `pays ${input.amount} to ${input.to}`, said);
    return said;
  }
  let last = null;
  function run(input) {
    last = paid(input);
    return last;
  }
  const schema = z.object({ amount: z.string(), to: z.string() });
  return { tool: { description: "Send money", schema, run }, settled: () => last };
}

/** A tool behind which there is another agent, in an execution that stands behind the buyer's. */
function clerkOf({ begin }, buyer, converse) {
  const started = Promise.withResolvers();
  const stopped = Promise.withResolvers();
  async function run({ year }) {
    const clerk = await begin("clerk", "audit the books", buyer.id);
    const audit = govern(
      (fields, { signal }) => {
        started.resolve();
        return readBooks(fields.year, signal);
      },
      { action: "audit", input: (input) => ({ year: input.year }), execution: () => clerk },
    );
    const schema = z.object({ year: z.number().int() });
    const told = (input) =>
      audit(input).catch((error) => {
        stopped.resolve(error.code);
        throw error;
      });
    const tools = { audit: { description: "Read the books of a year", schema, run: told } };
    const script = scriptOf([["audit", { year }]]);
    converse({ script, tools, signal: clerk.signal }).catch(unlessStopped(clerk));
    await started.promise;
    tell("clerk", `audits ${year}, for the buyer`, "which takes a minute");
    return "the clerk is at it";
  }
  const schema = z.object({ year: z.number().int() });
  return { tool: { description: "Have the books audited", schema, run }, stopped: stopped.promise };
}
