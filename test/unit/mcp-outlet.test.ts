/** What waits for clients over HTTP is bounded, and is let go with them. */
import { makeBacklog, makeOutlet } from "@polity/gateway/mcp/outlet.ts";
import { expect, test } from "vitest";

test("a client that reads nothing is noticed, one that reads is not", async () => {
  let isFull = false;
  const backlog = makeBacklog(100, () => {
    isFull = true;
  });
  const outlet = makeOutlet(new AbortController().signal, backlog, null);
  const read: string[] = [];
  for (let at = 0; at < 20; at += 1) {
    outlet.push("x".repeat(30));
    const next = await outlet.pieces[Symbol.asyncIterator]().next();
    if (next.done !== true) read.push(next.value);
  }
  expect([read.length, isFull]).toEqual([20, false]);
  for (let at = 0; at < 4; at += 1) outlet.push("x".repeat(30));
  expect(isFull).toBe(true);
});

test("whoever is gone holds nothing, and nothing more is kept for them", async () => {
  let waiting = 0;
  const backlog = {
    add: (count: number) => {
      waiting += count;
    },
    remove: (count: number) => {
      waiting -= count;
    },
  };
  const gone = new AbortController();
  const outlet = makeOutlet(gone.signal, backlog, null);
  outlet.push("one");
  outlet.push("two");
  expect(waiting).toBe(6);
  gone.abort();
  outlet.push("three");
  expect(waiting).toBe(0);
  expect(await outlet.pieces[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
});
