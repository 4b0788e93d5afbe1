/** Routes in Hono, each behind a governor: the handler runs inside `enforce`, or does not run. */
import { honoGuard } from "@polity/gateway/http/hono.ts";
import { Hono } from "hono";
import { inOffice, readBooks } from "../shared/office.js";
import { liveAgent } from "./agent.js";

await inOffice(async (office) => {
  const { governor } = office;
  const started = Promise.withResolvers();
  const guard = (action) =>
    honoGuard({
      action,
      input: (c) => c.req.json(),
      // A service takes who asks from its session; here a header says it.
      execution: (c) => governor.execution(c.req.header("x-execution") ?? ""),
      release: { governor, pending: (c) => c.req.header("x-held") ?? null },
    });

  const app = new Hono();
  app.post("/payments", guard("pay"), (c) => {
    const { amount, to } = c.get("grant").fields;
    return c.json({ sent: `${amount} to ${to}` });
  });
  app.post("/audits", guard("audit"), async (c) => {
    const { fields, signal } = c.get("grant");
    started.resolve();
    return c.json({ sent: await readBooks(fields.year, signal) });
  });
  // What was stopped on its way has a code, too.
  app.onError(({ code, message }, c) => c.json({ error: { code, message } }, 403));

  const post = async (path, body, headers) => {
    const response = await app.request(path, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  };
  await liveAgent(office, post, started.promise);
});
