/** The file of services that policies may have told: where each is, and the secret that it shares. */
import type { Webhook } from "@polity/governor/obligations/report.ts";
import { decodeBase64 } from "@polity/runtime/base64.ts";
import { parseJson } from "@polity/runtime/json.ts";
import { failure } from "./failure.ts";
import { nameOf, readSecret } from "./read-file.ts";
import { quoted } from "./words.ts";

/** As Standard Webhooks writes secrets. */
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const SERVICES_MAX = 256;
const FORM = 'as {"desk":{"url":"https://…","secret":"whsec_…"}}';

/** None where no file is named. Fails where others may read it: who knows a secret can speak as this host. */
export async function readServices(path: string | undefined): Promise<ReadonlyMap<string, Webhook>> {
  if (path === undefined) return new Map();
  const no = (why: string) => failure(`${nameOf(path)} is no file of services: ${why}`, FORM);
  const parsed = parseJson(await readSecret(path, true));
  if (!parsed.ok) throw no(parsed.message);
  const services = isObject(parsed.value) ? Object.entries(parsed.value) : null;
  if (services === null) throw no("it is no object");
  if (services.length > SERVICES_MAX) throw no(`it has more than ${SERVICES_MAX}`);
  return new Map(
    services.map(([name, given]) => {
      const { url, secret, ...more } = isObject(given) ? given : {};
      if (typeof url !== "string" || typeof secret !== "string" || Object.keys(more).length > 0)
        throw no(`${quoted(name)} has a url, a secret and nothing else`);
      const bytes = decodeBase64(SECRET.exec(secret)?.[1] ?? "");
      if (bytes === null || bytes.length === 0) throw no(`the secret of ${quoted(name)} is no whsec_…`);
      return [name, { url, secret: bytes }] as const;
    }),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
