/** Functions of one's own behind a governor: `govern` around each, and nothing else changes. */
import { runIn } from "@polity/gateway/wrap/current-execution.ts";
import { govern, Held } from "@polity/gateway/wrap/govern.ts";
import { inOffice, readBooks } from "../shared/office.js";
import { tell } from "../shared/tell.js";

const pay = govern(({ amount, to }) => `sent ${amount} to ${to}`, {
  action: "pay",
  input: (amount, to) => ({ amount, to }),
});

await inOffice(async ({ governor, begin, approve }) => {
  const buyer = await begin("buyer", "pay the bills");
  const run = (...args) => runIn(buyer, () => pay(...args));
  tell("buyer", "pays 25 to acme", await run("25", "acme"));

  const held = await run("250", "acme").catch((error) => error);
  if (!(held instanceof Held)) throw held;
  tell("buyer", "pays 250 to acme", held.message);
  await approve(held.pending);
  tell("anna", "approves", "with a key of her own");
  tell("buyer", "goes on", await pay.resume(governor, held));

  const clerk = await begin("clerk", "audit the books", buyer.id);
  const started = Promise.withResolvers();
  const audit = govern(
    ({ year }, { signal }) => {
      started.resolve();
      return readBooks(year, signal);
    },
    { action: "audit", input: (year) => ({ year }), execution: () => clerk },
  );
  const audited = audit(2025).catch(({ code }) => `is stopped in the middle of it: ${code}`);
  await started.promise;
  tell("clerk", "audits 2025, for the buyer", "which takes a minute");

  tell("buyer", "pays 25 to mallory", await run("25", "mallory").catch(({ message }) => message));
  tell("clerk", "", await audited);
  tell("buyer", "pays 25 to acme", await run("25", "acme").catch(({ code }) => `refused: ${code}`));
});
