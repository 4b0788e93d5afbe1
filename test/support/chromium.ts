/** Opens a page of ours in headless Chromium and waits for what it reports. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";

export const CHROMIUM = "/usr/bin/chromium";
export const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
const HTML = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';

/** By path: the media type and the content. */
export type Files = ReadonlyMap<string, readonly [type: string, body: string | Uint8Array]>;

export async function bundled(entry: URL, platform: "browser" | "node" = "browser"): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    format: "esm",
    target: "es2024",
    platform,
    minify: true,
    write: false,
    legalComments: "none",
  });
  return outputFiles[0]?.text ?? "";
}

/**
 * Serves the bundled page and the files under a strict Content-Security-Policy, and answers with what the
 * page sends back by `POST`: its report, or `{"error":…}`, which rejects.
 */
export async function visit<Report extends object>(entry: URL, others: Files): Promise<Report> {
  const page = ["text/javascript", await bundled(entry)] as const;
  const files: Files = new Map([["/", ["text/html", HTML]], ["/page.js", page], ...others]);
  const { promise, resolve, reject } = Promise.withResolvers<Report>();
  const server = createServer((request, response) => {
    if (request.method === "POST") {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        response.end();
        const report = JSON.parse(Buffer.concat(chunks).toString()) as Report | { readonly error: string };
        if ("error" in report) reject(new Error(report.error));
        else resolve(report);
      });
      return;
    }
    const [type, body] = files.get(request.url ?? "") ?? ["text/plain", ""];
    response.writeHead(files.has(request.url ?? "") ? 200 : 404, {
      "content-type": type,
      "content-security-policy": POLICY,
    });
    response.end(body);
  });
  await listen(server);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  try {
    const tab = await browser.newPage();
    tab.on("pageerror", reject);
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return await promise;
  } finally {
    await browser.close();
    server.close();
  }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}
