/** Routes in Express, each behind a governor: the handler runs inside `enforce`, or does not run. */
import { once } from "node:events";
import { expressGuard } from "@polity/gateway/http/express.ts";
import express from "express";
import { inOffice, readBooks } from "../shared/office.js";
import { liveAgent } from "./agent.js";

await inOffice(async (office) => {
  const { governor } = office;
  const started = Promise.withResolvers();
  const guard = (action) =>
    expressGuard({
      action,
      input: ({ body }) => body,
      // A service takes who asks from its session; here a header says it.
      execution: (request) => governor.execution(request.get("x-execution") ?? ""),
      release: { governor, pending: (request) => request.get("x-held") ?? null },
    });

  const app = express();
  app.use(express.json());
  app.post("/payments", guard("pay"), (_request, response) => {
    const { amount, to } = response.locals.grant.fields;
    response.json({ sent: `${amount} to ${to}` });
  });
  app.post("/audits", guard("audit"), async (_request, response) => {
    const { fields, signal } = response.locals.grant;
    started.resolve();
    response.json({ sent: await readBooks(fields.year, signal) });
  });
  // What was stopped on its way has a code, too.
  app.use(({ code, message }, _request, response, _next) => {
    response.status(403).json({ error: { code, message } });
  });

  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const post = async (path, body, headers) => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
  await liveAgent(office, post, started.promise);
  server.close();
});
