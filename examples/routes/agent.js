/** An agent that works through the routes of a service, and is told why where one stops it. */
import { tell } from "../shared/tell.js";

/** `post(path, body, headers)` answers with what the service says; see hono.js and express.js. */
export async function liveAgent({ begin, approve, governor }, post, started) {
  const buyer = await begin("buyer", "pay the bills");
  const of = ({ id }, more = {}) => ({ "x-execution": id, ...more });
  const pay = (amount, to, more) => post("/payments", { amount, to }, of(buyer, more));
  tell("buyer", "POST /payments, 25 to acme", said(await pay("25", "acme")));

  const held = await pay("250", "acme");
  tell("buyer", "POST /payments, 250 to acme", said(held));
  await approve(governor.approvals()[0]);
  tell("anna", "approves", "with a key of her own");
  tell(
    "buyer",
    "the same, as what is held",
    said(await pay("250", "acme", { "x-held": held.body.held.pending })),
  );

  const clerk = await begin("clerk", "audit the books", buyer.id);
  const audited = post("/audits", { year: 2025 }, of(clerk));
  await started;
  tell("clerk", "POST /audits, 2025", "which takes a minute");

  tell("buyer", "POST /payments, 25 to mallory", said(await pay("25", "mallory")));
  tell("clerk", "", said(await audited));
  tell("buyer", "POST /payments, 25 to acme", said(await pay("25", "acme")));
}

function said({ status, body: { sent, held, error } }) {
  if (sent !== undefined) return `${status} sent ${sent}`;
  const { code, message } = held ?? error;
  return `${status} ${code}: ${message}`;
}
