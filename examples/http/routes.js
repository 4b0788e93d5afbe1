/** A service of one's own, whose route runs where the governor allows its action. */
import { honoGuard } from "@polity/gateway/http/hono.ts";
import { Hono } from "hono";
import { governed, SCRIPT } from "../agents/bank.js";

await governed(async (_sendMoney, execution, governor) => {
  const app = new Hono();
  const guard = honoGuard({
    action: "send_money",
    input: (c) => c.req.json(),
    execution: (c) => governor.execution(c.req.header("x-execution") ?? ""),
  });
  app.post("/payments", guard, (c) => {
    const { amount, to } = c.get("grant").fields;
    return c.json({ sent: amount, to });
  });
  for (const body of [...SCRIPT, { amount: "25", to: "ACME", agent: "somebody-else" }]) {
    const headers = { "x-execution": execution.id };
    const response = await app.request("/payments", { method: "POST", headers, body: JSON.stringify(body) });
    const { sent, to, held, error } = await response.json();
    const why = error ?? held;
    console.log(response.status, why === undefined ? `sent ${sent} to ${to}` : `${why.code}: ${why.message}`);
  }
});
