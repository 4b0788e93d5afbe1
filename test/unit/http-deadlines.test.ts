/** One timer for all deadlines of a service. */
import { makeDeadlines } from "@polity/gateway/http/deadlines.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const never = () => new Promise<string>(() => {});

test("whoever takes too long is late at its own time, and whoever does not is not", async () => {
  const { within } = makeDeadlines(100);
  const said: string[] = [];
  const ask = (name: string, answering: Promise<string>) =>
    within(answering, () => `late ${name}`).then((one) => said.push(one));
  ask("a", never());
  ask("b", Promise.resolve("b"));
  await vi.advanceTimersByTimeAsync(60);
  expect(said).toEqual(["b"]);
  ask("c", never());
  await vi.advanceTimersByTimeAsync(39);
  expect(said).toEqual(["b"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(said).toEqual(["b", "late a"]);
  await vi.advanceTimersByTimeAsync(59);
  expect(said).toEqual(["b", "late a"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(said).toEqual(["b", "late a", "late c"]);
  // Nobody waits, and the next one has a deadline all the same.
  expect(vi.getTimerCount()).toBe(0);
  ask("d", never());
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(said.at(-1)).toBe("late d");
});

test("a thousand of them set one timer, and what is thrown is thrown", async () => {
  const { within } = makeDeadlines(100);
  const all = Array.from({ length: 1_000 }, (_, at) => within(Promise.resolve(at), () => -1));
  expect(vi.getTimerCount()).toBe(1);
  expect(await Promise.all(all)).toEqual([...all.keys()]);
  await expect(within(Promise.reject(new Error("broken")), () => null)).rejects.toThrow("broken");
});
