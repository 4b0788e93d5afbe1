/** Logs from folders and over HTTP: what is there, what is not, and whoever misbehaves. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { folderSource, publicFolder } from "@polity/lineage/node/folder-source.ts";
import { openTiles } from "@polity/lineage/open-tiles.ts";
import type { TileSource } from "@polity/lineage/tile-source.ts";
import { httpSource } from "@polity/lineage/web/http-source.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import { rejection } from "../support/file-log.ts";
import { noteSigner } from "../support/lineage-log.ts";
import { notRun } from "../support/not-run.ts";
import { folderOf, logFilesOf, plainEntries } from "../support/tile-folder.ts";

const options = { keys: [noteSigner().key], crypto: nodeCrypto };

async function expectWhole(source: TileSource, size: number): Promise<void> {
  const opened = await openTiles(source, options);
  if (!opened.ok) throw opened.error;
  const { tree } = opened.log;
  expect(tree.size).toBe(size);
  for (let index = 0; index < size; index += 100) {
    expect(Buffer.from((await tree.entry(index))!).toString()).toBe(`entry ${index}`);
  }
  expect(await tree.consistencyProof(257)).not.toEqual([]);
}

describe("a folder", () => {
  test("is read, also where it is only the public part", async () => {
    const files = await logFilesOf(plainEntries(300));
    const copy = folderOf(files);
    expect(await publicFolder(copy)).toBe(copy);
    await expectWhole(folderSource(copy), 300);
    const whole = folderOf(new Map([...files].map(([path, bytes]) => [`public/${path}`, bytes])));
    expect(await publicFolder(whole)).toBe(join(whole, "public"));
    await expectWhole(folderSource(join(whole, "public")), 300);
  });

  test("without any log, and what is none", async () => {
    const dir = folderOf(new Map([["file", new Uint8Array(1)]]));
    expect(await publicFolder(dir)).toBe(join(dir, "public"));
    expect((await rejection(publicFolder(join(dir, "none")))).code).toBe("log.missing");
    expect((await rejection(publicFolder(join(dir, "file")))).code).toBe("log.not_a_folder");
    const missing = await openTiles(folderSource(join(dir, "public")), options);
    expect(!missing.ok && missing.error.code).toBe("log.missing");
  });

  test("a file that is too long, and what is no file", async () => {
    const dir = folderOf(new Map([["long", new Uint8Array(11)]]));
    mkdirSync(join(dir, "checkpoint"));
    const source = folderSource(dir);
    expect(await source.read("long", 11)).toHaveLength(11);
    expect(await source.read("long/below", 11)).toBeNull();
    expect((await rejection(source.read("long", 10))).message).toMatch(/^long: more than 10 bytes/);
    expect((await rejection(source.read("checkpoint", 10))).code).toBe("log.malformed");
    expect((await rejection(source.read("long\0", 10))).code).toBe("log.unreadable");
  });
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("HTTP", () => {
  test("what a server has, below any path", async () => {
    const files = await logFilesOf(plainEntries(300));
    const asked: string[] = [];
    const url = await serve((request, response) => {
      asked.push(request.url!);
      const bytes = files.get(request.url!.replace("/logs/a/", ""));
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
    });
    await expectWhole(httpSource(`${url}/logs/a`), 300);
    await expectWhole(httpSource(`${url}/logs/a/`), 300);
    expect(asked.every((path) => path.startsWith("/logs/a/"))).toBe(true);
  });

  test.each<[string, RequestListener, string, RegExp]>([
    ["an endless answer", (_, response) => endless(response), "log.malformed", /more than 100 bytes/],
    [
      "a redirection",
      (_, response) => response.writeHead(302, { location: "/elsewhere" }).end(),
      "log.unreachable",
      /points to another place/,
    ],
    ["an error", (_, response) => response.writeHead(500).end("no"), "log.unreachable", /answered 500/],
    [
      "a partial answer",
      (_, response) => response.writeHead(206).end("no"),
      "log.unreachable",
      /answered 206/,
    ],
    ["no answer", () => {}, "log.unreachable", /no answer within 100 ms/],
    [
      "an answer that stops",
      (_, response) => response.writeHead(200, { "content-length": 50 }).write("a"),
      "log.unreachable",
      /no answer within 100 ms/,
    ],
    ["a closed connection", (request) => request.socket.destroy(), "log.unreachable", /cannot be reached/],
  ])("%s", async (_name, listener, code, message) => {
    // Whoever answers gets the time that a busy machine needs.
    const timeoutMs = message.source.startsWith("no answer") ? 100 : 30_000;
    const source = httpSource(await serve(listener), { timeoutMs });
    const error = await rejection(source.read("checkpoint", 100));
    expect([error.code, error.file]).toEqual([code, "checkpoint"]);
    expect(error.message).toMatch(message);
  });

  function endless(response: Parameters<RequestListener>[1]): void {
    const more = () => {
      while (!response.destroyed && response.write(new Uint8Array(1000)));
    };
    response.on("drain", more);
    more();
  }

  test("nobody there", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const error = await rejection(httpSource(`http://127.0.0.1:${port}/`).read("checkpoint", 100));
    expect([error.code, error.message]).toEqual(["log.unreachable", expect.stringContaining("ECONNREFUSED")]);
  });

  test("what was removed is not there", async () => {
    const url = await serve((_, response) => response.writeHead(410).end());
    expect(await httpSource(url).read("tile/0/000", 100)).toBeNull();
  });

  test.each(["", "log", "ftp://example.com/", "file:///tmp", "http://a/?b", "http://a/#b", "http://u:p@a/"])(
    "%j is no address",
    (url) => {
      expect(() => httpSource(url)).toThrow(RangeError);
    },
  );

  test("any server of static files will do: python3 -m http.server", async () => {
    if (spawnSync("python3", ["--version"]).status !== 0) {
      notRun("a log behind python3 -m http.server", "no python3");
      return;
    }
    const dir = folderOf(await logFilesOf(plainEntries(300)));
    const args = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", dir];
    const server = spawn("python3", args, { stdio: ["ignore", "pipe", "ignore"] });
    onTestFinished(() => void server.kill());
    const [line] = await once(server.stdout, "data");
    const port = / port (\d+) /.exec(String(line))![1];
    await expectWhole(httpSource(`http://127.0.0.1:${port}/`), 300);
  });
});
