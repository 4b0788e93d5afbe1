import { brokenPromise } from "@polity/compiler/4-emit/properties.ts";
import { describe, expect, test } from "vitest";

const GOOD =
  '(module (memory 1) (data "f64 (import (start") (func $a (call $b)) (func $b (drop (i64.const 1))))';

describe("an evaluator's promises", () => {
  test("are kept by a module that keeps them, whatever its data says", () => {
    expect(brokenPromise(GOOD)).toBeNull();
  });

  test.each([
    [`(module (import "env" "abort" (func $a)))`, "an import"],
    ["(module (func $a) (start $a))", "a start function"],
    ["(module (func $a (drop (f64.const 1))))", "floating point"],
    ["(module (func $a (result f32) (unreachable)))", "floating point"],
    ["(module (func $a (drop (v128.const i32x4 0 0 0 0))))", "a vector instruction"],
    ["(module (func $a (drop (f32x4.add (local.get 0) (local.get 1)))))", "floating point"],
    [
      "(module (func $a (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))))",
      "a relaxed vector instruction",
    ],
    ["(module (memory 1 1 shared))", "shared memory"],
    ["(module (func $a (call_indirect (type $t) (i32.const 0))))", "an indirect call"],
    [
      "(module (func $a (memory.grow (i32.const 1)) (memory.grow (i32.const 1))))",
      "memory that grows in more than one place",
    ],
    ["(module (func $a (call $b)) (func $b (call $c)) (func $c (call $b)))", "recursion through $a"],
  ])("%s is refused", (wat, what) => {
    expect(brokenPromise(wat)).toBe(what);
    // Built for vector instructions, a module may have these and nothing more.
    expect(brokenPromise(wat, true)).toBe(what === "a vector instruction" ? null : what);
  });
});
