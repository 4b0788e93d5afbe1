import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { codes } from "../../compiler/2-check/messages.ts";

const FOLDER = new URL("../../compiler/2-check/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => /^messages-.*\.ts$/.test(name));

test("each code has one constructor, and every constructor a code of the list", () => {
  const sources = FILES.map((file) => readFileSync(new URL(file, FOLDER), "utf8"));
  const constructed = sources.flatMap((text) =>
    text.split(/^export /m).flatMap((part) => {
      if (!part.startsWith("function")) return [];
      return [...new Set(part.match(/POL\d{4}/g) ?? ["none"])];
    }),
  );
  expect(constructed.toSorted()).toEqual([...codes].sort());
  expect(new Set(codes).size).toBe(codes.length);
});
