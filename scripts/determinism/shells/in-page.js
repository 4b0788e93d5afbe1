// After drive.js, in a page: everything comes from the server, and so it gets what came of it.
(async () => {
  const bytesOf = async (name) => new Uint8Array(await (await fetch(`/${name}`)).arrayBuffer());
  const send = (body) => fetch("/told", { method: "POST", body: JSON.stringify(body) });
  try {
    const [job, ask] = await Promise.all(
      ["job.json", "ask.json"].map(async (name) => (await fetch(`/${name}`)).json()),
    );
    const names = ["driver.wasm"];
    for (let at = 0; at < job.policies.length; at += 1) names.push(`${at}.wasm`, `${at}.facts`, `${at}.pool`);
    const files = new Map();
    for (const name of names) files.set(name, await bytesOf(name));
    await send({ agent: navigator.userAgent, ...drive(job, ask, (name) => files.get(name)) });
  } catch (error) {
    await send({ error: String(error) });
  }
})();
