/** What JavaScript may hand over in place of bytes, texts, entries and openings. */
import {
  checkOpening,
  decodeOpening,
  type Opening,
  type RequestCommitment,
} from "@polity/lineage/commitment.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { verifyLog } from "@polity/lineage/file-store/verify.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { describe, expect, test } from "vitest";
import { freshFolder, openLog, openOptions, rejection, SIGNER, verify } from "../support/file-log.ts";
import { bytesOf, decision, heartbeat } from "../support/log-entries.ts";

const STRANGE: readonly unknown[] = [
  null,
  undefined,
  0,
  1n,
  true,
  Symbol("x"),
  {},
  [],
  Object.create(null),
  { length: 3 },
  () => {},
  new Proxy({}, { get: () => Symbol("x") }),
];

describe("what reads never throws", () => {
  test("whatever stands in place of an entry's bytes or an opening's text", () => {
    for (const strange of [...STRANGE, "{}", new Uint16Array(2), new DataView(new ArrayBuffer(2))]) {
      expect(decodeEntry(strange as Uint8Array)).toMatchObject({ ok: false, code: "entry.malformed" });
    }
    for (const strange of [...STRANGE, new Uint8Array(2)]) {
      expect(decodeOpening(strange as string)).toMatchObject({ ok: false, code: "opening.malformed" });
    }
  });

  test("whatever stands in place of a commitment or an opening", () => {
    const { entry, opening } = decision(0);
    for (const strange of [...STRANGE, "x"]) {
      expect(checkOpening(entry.request!, strange as Opening).ok).toBe(false);
      expect(checkOpening(strange as RequestCommitment, opening).ok).toBe(false);
      const sensitive = strange as RequestCommitment["sensitive"];
      if (!Array.isArray(sensitive))
        expect(checkOpening({ ...entry.request!, sensitive }, opening).ok).toBe(false);
    }
    const field = { pointer: "/card", commitment: null as unknown as string };
    expect(checkOpening({ ...entry.request!, sensitive: [field] }, opening).ok).toBe(false);
  });

  test("whatever stands in place of a folder, a key or options", async () => {
    for (const strange of [...STRANGE, "a\0b", ""]) {
      const dir = strange as string;
      const opened = await openFileLog(dir, openOptions());
      const verified = await verifyLog(dir, SIGNER.publicKey, nodeCrypto);
      expect([opened.ok, verified.ok]).toEqual([false, false]);
      if (typeof strange === "string") continue;
      const refused = { ok: false, error: { code: "log.not_a_folder" } };
      expect([opened, verified]).toMatchObject([refused, refused]);
    }
    const dir = freshFolder();
    await (await openLog(dir)).checkpoint();
    for (const strange of STRANGE) {
      expect((await openFileLog(dir, strange as ReturnType<typeof openOptions>)).ok).toBe(false);
      expect((await verifyLog(dir, strange as typeof SIGNER.publicKey, nodeCrypto)).ok).toBe(false);
    }
  });
});

/** An object that gives one value when it is asked first, and another one ever after. */
function changing<T extends object>(of: T, name: keyof T, first: unknown, then: unknown): T {
  let asked = 0;
  const get = () => {
    asked += 1;
    return asked === 1 ? first : then;
  };
  return Object.defineProperty({ ...of }, name, { get, enumerable: true });
}

describe("what is appended is judged by the bytes that are written", () => {
  test("not by what a member says when it is asked again", async () => {
    const dir = freshFolder();
    const store = await openLog(dir);
    await store.append(heartbeat(0));
    expect((await rejection(store.append(changing(heartbeat(1), "seq", 7, 1)))).code).toBe(
      "log.entry_invalid",
    );
    await store.append(changing(heartbeat(1), "seq", 1, 7));
    await store.append(changing(heartbeat(2), "node", "n", "other"));
    await store.append(heartbeat(3));
    const gap = { ...heartbeat(6), kind: "gap", fromSeq: 4, count: 2, why: "lost" } as const;
    const { checkpoint: _, ...plain } = gap as typeof gap & { checkpoint: null };
    const written = [4, 9, 9].entries();
    const fromSeq = { get: () => written.next().value?.[1] ?? 4, enumerable: true };
    const wrong = Object.defineProperty({ ...plain }, "fromSeq", fromSeq) as Entry;
    await store.append(wrong).catch(() => {});
    await store.checkpoint();
    expect(await verify(dir)).toMatchObject({ ok: true });
  });

  test("and the same holds for openings, of which every member may change", async () => {
    const { entry, opening } = decision(0);
    const other = decision(1).opening;
    for (const name of ["request", "salt", "sensitive"] as const) {
      for (let good = 0; good < 12; good += 1) {
        const dir = freshFolder();
        const store = await openLog(dir);
        let asked = 0;
        const get = () => {
          asked += 1;
          return (asked > good ? other : opening)[name];
        };
        const shifty: Opening = Object.defineProperty({ ...opening }, name, { get, enumerable: true });
        await store.append(entry, shifty).catch(({ code }) => expect(code).toBe("log.opening_mismatch"));
        await store.checkpoint();
        expect(await verify(dir)).toMatchObject({ ok: true });
      }
    }
  });

  test("a member that throws, or an opening that is none, is refused as such", async () => {
    const store = await openLog(freshFolder());
    const { entry, opening } = decision(0);
    const throws = {
      get() {
        throw new Error("no");
      },
      enumerable: true,
    };
    const broken: Opening = Object.defineProperty({ ...opening }, "request", throws);
    for (const strange of [broken, ...STRANGE.filter((value) => value !== undefined)]) {
      const { code } = await rejection(store.append(entry, strange as Opening));
      expect(code).toBe("log.opening_mismatch");
    }
    expect((await store.append(entry, opening)).index).toBe(0);
    expect(await store.entry(0)).toEqual(bytesOf(entry));
  });
});
