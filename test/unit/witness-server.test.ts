/** The witness that remembers and answers over HTTP, and the writer that asks it. */
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { openCosignatures } from "@polity/lineage/cosignature.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openKeeper, type WitnessKeeper } from "@polity/lineage/node/witness-keeper.ts";
import type { WitnessServer } from "@polity/lineage/node/witness-server.ts";
import { decodeNote } from "@polity/lineage/note-form.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { httpWitnesses } from "@polity/lineage/web/witnesses.ts";
import { encodeWitnessRequest } from "@polity/lineage/witness-request.ts";
import { sha256, toHex, utf8 } from "@polity/runtime/hash.ts";
import { afterEach, describe, expect, test } from "vitest";
import { checkpointOf, noteSigner, ORIGIN } from "../support/lineage-log.ts";
import { grown, keeperIn, policyOf, scratchFolder, serve, witnessedLog } from "../support/witness-desk.ts";
import { witnessSigner } from "../support/witnesses.ts";

const entries = Array.from({ length: 30 }, (_, at) => Uint8Array.of(at));
const closers: (() => unknown)[] = [];
const HASH = toHex(sha256(utf8(ORIGIN)));

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function scratch(): string {
  const { dir, remove } = scratchFolder();
  closers.push(remove);
  return dir;
}

async function witnessAt(
  dir = scratch(),
  options = {},
): Promise<{
  readonly keeper: WitnessKeeper;
  readonly server: WitnessServer;
  readonly stop: () => Promise<void>;
}> {
  const keeper = await keeperIn(dir, options);
  const server = await serve(keeper);
  const stop = async () => {
    await server.close();
    await keeper.close();
  };
  closers.push(stop);
  return { keeper, server, stop };
}

async function request(from: number, to: number): Promise<string> {
  const tree = grown(entries.slice(0, to));
  const proof = tree.consistencyProof(from, to);
  return encodeWitnessRequest({ oldSize: from, proof, checkpoint: await checkpointOf(tree) });
}

function post(url: string, body: string): Promise<Response> {
  return fetch(`${url}/add-checkpoint`, { method: "POST", body });
}

describe("a witness over HTTP", () => {
  test("cosigns, remembers before it answers, and shows it to monitors", async () => {
    const dir = scratch();
    const { server } = await witnessAt(dir);
    const answer = await post(server.url, await request(0, 7));
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
    const lines = await answer.text();
    const kept = readFileSync(join(dir, HASH, "checkpoint"), "utf8");
    expect(kept.endsWith(lines)).toBe(true);
    const form = decodeNote(kept);
    if (!form.ok) throw new Error(form.message);
    const { key } = witnessSigner(7, "w.example");
    expect(openCosignatures(form.form, [key], nodeCrypto)).toEqual({
      ok: true,
      cosignatures: [{ key, timeSeconds: 1_700_000_000 }],
    });
    const shown = await fetch(`${server.url}/${HASH}/checkpoint`);
    expect([shown.status, await shown.text()]).toEqual([200, kept]);
    expect((await fetch(`${server.url}/${"0".repeat(64)}/checkpoint`)).status).toBe(404);
  });

  test("answers with the statuses of the standard", async () => {
    const { server } = await witnessAt();
    expect((await post(server.url, await request(0, 7))).status).toBe(200);
    const conflict = await post(server.url, await request(0, 9));
    expect([conflict.status, conflict.headers.get("content-type")]).toEqual([409, "text/x.tlog.size"]);
    expect(await conflict.text()).toBe("7\n");
    expect((await post(server.url, await request(7, 9))).status).toBe(200);
    const other = grown([Uint8Array.of(99), ...entries.slice(1, 9)]);
    const fork = encodeWitnessRequest({ oldSize: 9, proof: [], checkpoint: await checkpointOf(other) });
    const inconsistent = await post(server.url, fork);
    expect(inconsistent.status).toBe(422);
    expect(await inconsistent.text()).toMatch(/^witness\.inconsistent: example\.com\/log with 9 entries/);
    expect((await post(server.url, "old 0\n")).status).toBe(400);
    const stranger = await checkpointOf(grown(entries), noteSigner(3, "example.com/stranger"));
    expect((await post(server.url, `old 0\n\n${stranger}`)).status).toBe(404);
    const forged = await checkpointOf(grown(entries), noteSigner(3));
    expect((await post(server.url, `old 9\n\n${forged}`)).status).toBe(403);
    expect((await fetch(`${server.url}/add-checkpoint`)).status).toBe(405);
    expect((await fetch(`${server.url}/${HASH}/checkpoint`, { method: "PUT" })).status).toBe(405);
    expect((await fetch(`${server.url}/`)).status).toBe(404);
  });

  test("takes no more than a request can have, and waits for no slow one", async () => {
    const { server } = await witnessAt();
    expect((await post(server.url, "x".repeat(300 * 1024))).status).toBe(413);
    const many = Array.from({ length: 80 }, async () => {
      const { promise, resolve } = Promise.withResolvers<string>();
      const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
      closers.push(() => socket.destroy());
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString();
        resolve(text);
      });
      socket.on("error", () => resolve("closed"));
      socket.write("POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: 100\r\n\r\n");
      return promise;
    });
    const first = await Promise.race(many);
    expect(first).toMatch(/^HTTP\/1\.1 503 /);
  });

  test("two requests at once never roll a log back", async () => {
    const { server, keeper } = await witnessAt();
    await post(server.url, await request(0, 5));
    const bodies = await Promise.all([9, 6, 30, 12, 7, 29].map((to) => request(5, to)));
    const answers = await Promise.all(bodies.map((body) => post(server.url, body)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(5);
    const winner = [9, 6, 30, 12, 7, 29][answers.findIndex(({ status }) => status === 200)]!;
    expect(keeper.sizes()).toEqual(new Map([[ORIGIN, winner]]));
  });

  test("remembers after a restart, and never gives an earlier time", async () => {
    const dir = scratch();
    const first = await witnessAt(dir, { nowSeconds: () => 2_000 });
    await post(first.server.url, await request(0, 7));
    await first.stop();
    const { server, keeper } = await witnessAt(dir, { nowSeconds: () => 1_000 });
    expect((await post(server.url, await request(0, 8))).status).toBe(409);
    expect((await post(server.url, await request(7, 8))).status).toBe(200);
    const form = decodeNote(keeper.latest(HASH) ?? "");
    if (!form.ok) throw new Error(form.message);
    const { key } = witnessSigner(7, "w.example");
    const opened = openCosignatures(form.form, [key], nodeCrypto);
    expect(opened).toMatchObject({ cosignatures: [{ timeSeconds: 2_000 }] });
  });

  test("one folder has one witness", async () => {
    const dir = scratch();
    await keeperIn(dir).then((keeper) => closers.push(() => keeper.close()));
    await expect(keeperIn(dir)).rejects.toMatchObject({ code: "log.locked" });
  });
});

describe("what a witness remembers", () => {
  async function used(): Promise<string> {
    const dir = scratch();
    const keeper = await keeperIn(dir);
    await keeper.add(utf8(await request(0, 7)));
    await keeper.close();
    return dir;
  }

  test("is refused with any changed byte, whole or cut", async () => {
    const dir = await used();
    const file = join(dir, HASH, "checkpoint");
    const good = readFileSync(file);
    for (let at = 0; at < good.length; at += 3) {
      const changed = Buffer.from(good);
      changed[at]! ^= 4;
      writeFileSync(file, changed);
      // What only the log has signed is the log's affair.
      const isLogsLine =
        at >= good.lastIndexOf("— ", good.lastIndexOf("— ") - 1) && at < good.lastIndexOf("— ");
      const opened = await openKeeper({
        dir,
        cosigner: witnessSigner(7, "w.example"),
        logs: [noteSigner().key],
        crypto: nodeCrypto,
        nowSeconds: () => 1,
      });
      if (opened.ok) await opened.keeper.close();
      if (!isLogsLine) expect(opened).toMatchObject({ ok: false, error: { code: "witness.state" } });
    }
    writeFileSync(file, good.subarray(0, good.length - 20));
    await expect(keeperIn(dir)).rejects.toMatchObject({ code: "witness.state", file: `${HASH}/checkpoint` });
    writeFileSync(file, good);
    await (await keeperIn(dir)).close();
  });

  test("belongs to one witness and one log", async () => {
    const dir = await used();
    const cosigner = witnessSigner(8, "w.example");
    await expect(keeperIn(dir, { cosigner })).rejects.toMatchObject({ code: "witness.state" });
    const other = noteSigner(1, "example.com/other");
    const folder = join(dir, toHex(sha256(utf8("example.com/other"))));
    const { mkdirSync, copyFileSync } = await import("node:fs");
    mkdirSync(folder);
    copyFileSync(join(dir, HASH, "checkpoint"), join(folder, "checkpoint"));
    await expect(keeperIn(dir, { logs: [other.key] })).rejects.toThrow("is about example.com/log");
  });

  test("where it cannot be written, nothing is cosigned any more", async () => {
    const dir = scratch();
    const { server, keeper } = await witnessAt(dir);
    writeFileSync(join(dir, HASH), "a file where the folder should be");
    const answer = await post(server.url, await request(0, 7));
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining("cosigns nothing")]);
    expect((await post(server.url, await request(0, 7))).status).toBe(500);
    expect(keeper.sizes().size).toBe(0);
    expect(keeper.latest(HASH)).toBeNull();
  });
});

describe("a writer and its witnesses", () => {
  const { key } = noteSigner();
  const options = { crypto: nodeCrypto, timeoutMs: 20_000 };
  const nobody = { key: witnessSigner(9, "nobody.example").key, url: "http://127.0.0.1:9/" };

  test("collects cosignatures as the log grows, from two witnesses at different sizes", async () => {
    const [one, two] = [
      await witnessAt(),
      await witnessAt(scratch(), { cosigner: witnessSigner(8, "v.example") }),
    ];
    await post(two.server.url, await request(0, 3));
    const policy = policyOf([
      { key: one.keeper.cosigner.key, url: one.server.url },
      { key: two.keeper.cosigner.key, url: `${two.server.url}/` },
    ]);
    const witnesses = httpWitnesses(policy, options);
    const tree = grown(entries.slice(0, 5));
    const log = witnessedLog(tree, key);
    expect(await witnesses.expectNotAhead(log)).toEqual([]);
    for (let round = 0; round < 3; round += 1) {
      const cosigned = await witnesses.cosign(await checkpointOf(tree), log);
      expect(cosigned).toMatchObject({ isQuorum: true, problems: [] });
      expect(cosigned.cosignedBy.map(({ name }) => name)).toEqual(["w.example", "v.example"]);
      for (let at = 0; at < 4; at += 1) tree.append(leafHash(entries[tree.size]!, sha256));
    }
    expect(two.keeper.sizes().get(ORIGIN)).toBe(13);
  });

  test("goes on without those that cannot be asked, and says so", async () => {
    const { server, keeper } = await witnessAt();
    const policy = policyOf([{ key: keeper.cosigner.key, url: server.url }, nobody]);
    const witnesses = httpWitnesses(policy, options);
    const log = witnessedLog(grown(entries.slice(0, 5)), key);
    expect(await witnesses.expectNotAhead(log)).toMatchObject([
      { witness: "w2", code: "witness.unreachable" },
    ]);
    const cosigned = await witnesses.cosign(await checkpointOf(grown(entries.slice(0, 5))), log);
    expect(cosigned).toMatchObject({ isQuorum: false, problems: [{ code: "witness.unreachable" }] });
    expect(cosigned.cosignedBy).toHaveLength(1);
  });

  test("stops where a witness has seen more than the log has: witness.ahead, with both sides", async () => {
    const { server, keeper } = await witnessAt();
    await post(server.url, await request(0, 12));
    const policy = policyOf([{ key: keeper.cosigner.key, url: server.url }]);
    const old = grown(entries.slice(0, 9));
    const both = new RegExp(
      `w1 has cosigned 12 entries of ${ORIGIN} \\(root sha256:.*here are 9 \\(root sha256:`,
    );
    for (const act of ["expectNotAhead", "cosign"] as const) {
      const witnesses = httpWitnesses(policy, options);
      const answer =
        act === "cosign"
          ? witnesses.cosign(await checkpointOf(old), witnessedLog(old, key))
          : witnesses.expectNotAhead(witnessedLog(old, key));
      await expect(answer).rejects.toMatchObject({
        code: "witness.ahead",
        message: expect.stringMatching(both),
      });
    }
  });

  test("also where the witness only says how much it has seen", async () => {
    const old = grown(entries.slice(0, 9));
    const fetchOnly: typeof fetch = async (_input, init) =>
      init?.method === "POST"
        ? new Response("12\n", { status: 409, headers: { "content-type": "text/x.tlog.size" } })
        : new Response("", { status: 404 });
    const policy = policyOf([nobody]);
    const witnesses = httpWitnesses(policy, { ...options, fetch: fetchOnly });
    await expect(witnesses.cosign(await checkpointOf(old), witnessedLog(old, key))).rejects.toMatchObject({
      code: "witness.ahead",
      message: expect.stringContaining("12 entries of example.com/log (which it does not show)"),
    });
  });

  test("stops where another history was cosigned than this one: witness.fork", async () => {
    const { server, keeper } = await witnessAt();
    await post(server.url, await request(0, 9));
    const policy = policyOf([{ key: keeper.cosigner.key, url: server.url }]);
    for (const size of [9, 15]) {
      const other = grown([Uint8Array.of(99), ...entries.slice(1, size)]);
      const witnesses = httpWitnesses(policy, options);
      const log = witnessedLog(other, key);
      for (const answer of [
        witnesses.expectNotAhead(log),
        witnesses.cosign(await checkpointOf(other), log),
      ]) {
        await expect(answer).rejects.toMatchObject({
          code: "witness.fork",
          message: expect.stringMatching(
            /its first 9 entries have the root sha256:.*there, and sha256:.*here/s,
          ),
        });
      }
    }
    expect(keeper.sizes().get(ORIGIN)).toBe(9);
  });

  test("does not stop for what nobody has signed, and takes no cosignature that is none", async () => {
    const old = grown(entries.slice(0, 9));
    const log = witnessedLog(old, key);
    const note = await checkpointOf(old);
    const forged = await checkpointOf(grown(entries.slice(0, 12)), noteSigner(5));
    const show = () => new Response(forged);
    const fail = (): Response => {
      throw new Error("no way");
    };
    const answers: readonly (readonly [() => Response, () => Response, string])[] = [
      [() => sized("12\n"), show, "witness.refused"],
      [() => sized("012\n"), show, "witness.bad_answer"],
      [() => sized("0\n"), show, "witness.bad_answer"],
      [() => new Response("no", { status: 422 }), show, "witness.refused"],
      [() => new Response("no\u001b[31m", { status: 403 }), show, "witness.refused"],
      [() => new Response("nothing"), show, "witness.bad_answer"],
      [() => new Response(`${note}`), show, "witness.bad_answer"],
      [() => new Response("— nobody.example AAAA\n"), show, "witness.bad_answer"],
      [() => new Response(Uint8Array.of(0xff, 0xfe)), show, "witness.bad_answer"],
      [() => new Response("x".repeat(100_000)), show, "witness.bad_answer"],
      [() => new Response("", { status: 302 }), show, "witness.refused"],
      [fail, fail, "witness.unreachable"],
    ];
    for (const [posted, got, code] of answers) {
      const answering: typeof fetch = async (_input, init) => (init?.method === "POST" ? posted() : got());
      const witnesses = httpWitnesses(policyOf([nobody]), { ...options, fetch: answering });
      const cosigned = await witnesses.cosign(note, log);
      expect([cosigned.note === note, cosigned.problems.map((one) => one.code)]).toEqual([true, [code]]);
      expect(cosigned.problems[0]?.message).not.toContain("\u001b");
      expect(await witnesses.expectNotAhead(log)).toMatchObject([
        { code: got === fail ? "witness.unreachable" : "witness.bad_answer" },
      ]);
    }
  });

  test("waits no longer than it was told", async () => {
    const never: typeof fetch = (_input, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      });
    const witnesses = httpWitnesses(policyOf([nobody]), { crypto: nodeCrypto, timeoutMs: 20, fetch: never });
    const old = grown(entries.slice(0, 9));
    const cosigned = await witnesses.cosign(await checkpointOf(old), witnessedLog(old, key));
    expect(cosigned.problems).toMatchObject([{ message: expect.stringContaining("no answer within 20 ms") }]);
  });
});

function sized(body: string): Response {
  return new Response(body, { status: 409, headers: { "content-type": "text/x.tlog.size" } });
}
