/**
 * An agent in a process of its own, which asks `pol serve` before each action: URL and KEY say where, and by
 * which key. Nothing of Polity is imported here: this could be any language.
 */
const { URL: url, KEY: key } = process.env;

async function ask(method, path, body) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const response = await fetch(`${url}${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  const said = await response.json();
  if (!response.ok) throw new Error(`${said.error.code}: ${said.error.message}`);
  return said;
}

const { id } = await ask("POST", "/v1/executions", {
  agent: { type: "Agent", id: "buyer" },
  purpose: "bills",
});
const path = `/v1/executions/${id}`;

for (const amount of ["25", "250", "900"]) {
  const { grant, step, verdict, code, reasons } = await ask("POST", `${path}/steps`, {
    action: "pay",
    fields: { amount, to: "acme" },
  });
  if (grant === null) {
    console.log(`${verdict}: ${reasons.join("; ") || code}`);
    continue;
  }
  // What was judged, and not what was asked.
  console.log(`sent ${grant.fields.amount} to ${grant.fields.to}`);
  await ask("POST", `${path}/outcomes`, { step, status: "succeeded" });
}
console.log((await ask("POST", `${path}/end`, { status: "succeeded" })).status);
