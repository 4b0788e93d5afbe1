import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { openSource } from "../support/frame-vectors.ts";
import { notRun } from "../support/not-run.ts";
import { BROWSER_SOURCE, type BrowserReport, browserCases } from "./cases.ts";

const CHROMIUM = "/usr/bin/chromium";
const ARGUMENTS = [
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

const RUNTIME = new URL("../../runtime/index.ts", import.meta.url);
const PAGE = new URL("./page.ts", import.meta.url);

async function bundled(entry: URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    format: "esm",
    target: "es2024",
    platform: "browser",
    minify: true,
    write: false,
    legalComments: "none",
  });
  return outputFiles[0]?.text ?? "";
}

test("the runtime is small, and needs nothing but the Web platform", async () => {
  const script = await bundled(RUNTIME);
  expect(gzipSync(script).length).toBeLessThan(25 * 1024);
  expect(script).not.toMatch(/\beval\(|new Function|node:/);
});

test("200 decisions in Chromium under a strict Content-Security-Policy are those of Node", async () => {
  if (!existsSync(CHROMIUM)) {
    notRun("the runtime in Chromium", `no ${CHROMIUM}`);
    return;
  }
  const cases = browserCases();
  const { host, wasm } = await openSource(BROWSER_SOURCE);
  const files = new Map<string, readonly [type: string, body: string | Uint8Array]>([
    [
      "/",
      ["text/html", '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>'],
    ],
    ["/page.js", ["text/javascript", await bundled(PAGE)]],
    ["/evaluator.wasm", ["application/wasm", wasm]],
    ["/facts.json", ["application/json", BROWSER_SOURCE.facts]],
    ["/cases.json", ["application/json", JSON.stringify(cases)]],
  ]);
  const report = await visit(files);

  const here = cases.map(({ action, fields, header }) => {
    const { explained: _, ...decision } = host.decide(action, fields, header);
    return { ...decision, request: host.request(action, fields) };
  });
  expect(report.isEvalBlocked).toBe(true);
  expect(report.violations).toBe(0);
  expect([report.evaluator, report.facts]).toEqual([host.evaluator, host.facts]);
  expect(report.decisions).toEqual(JSON.parse(JSON.stringify(here)));
  expect(new Set(here.map(({ code }) => code)).size).toBeGreaterThan(5);
});

/** Serves the files, opens the page, and waits for what it sends back. */
async function visit(
  files: ReadonlyMap<string, readonly [string, string | Uint8Array]>,
): Promise<BrowserReport> {
  const { promise, resolve, reject } = Promise.withResolvers<BrowserReport>();
  const server = createServer((request, response) => {
    if (request.method === "POST") {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        response.end();
        const report = JSON.parse(Buffer.concat(chunks).toString()) as
          | BrowserReport
          | { readonly error: string };
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
    const page = await browser.newPage();
    page.on("pageerror", reject);
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return await promise;
  } finally {
    await browser.close();
    server.close();
  }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}
