import { describe, expect, test } from "vitest";
import { underlines } from "../support/diagnose.ts";

const HEAD = `enum Zone { eu, us }
entity Team entity Agent in Team { kind: string }
subject agent: Agent
action go {
  b: bool, n: int 0..9, m: int 10..19, t: timestamp, s: string, w: string id, z: Zone, l: list<int 0..9>
  file_name: string, url: string, host: string, mail: string, free: string, o: string?
}
allow all on go when n == 5
`;

function warnings(rule: string): readonly string[] {
  return underlines(`${HEAD}${rule}\n`);
}

describe("conditions", () => {
  test.each([
    ["deny r on go when n < m", "POL9002 n < m"],
    ["deny r on go when b and n > 9", "POL9002 n > 9"],
    ["deny r on go when n == m or b", "POL9002 n == m"],
    ["deny r on go when trust > 1000", "POL9002 trust > 1000"],
    ["deny r on go when n in {11, 12}", "POL9002 n in {11, 12}"],
    ["deny r on go when n in 0..9", "POL9002 n in 0..9"],
    ["deny r on go when eu == Zone.eu and b", "POL9002 eu == Zone.eu"],
    ["deny r on go when true", "POL9002 true"],
    ["deny r on go when count(x in l: x > 1) > 64", "POL9002 count(x in l: x > 1) > 64"],
    ["deny r on go when any(x in l: x > 9)", "POL9002 any(x in l: x > 9)"],
    ["deny r on go when any(x in l: x > 2 and x < 10)", "POL9002 x < 10"],
    ["deny a on go when b\ndeny r on go when b", "POL9003 r"],
    ["deny a on go when b\ndeny r on go when (b)", "POL9003 r"],
    ['deny r on go when s == "rm"', 'POL9004 s == "rm"'],
    ['deny r on go when s in {"rm", "dd"}', 'POL9004 s in {"rm", "dd"}'],
    ['deny r on go unless s not in {"rm"}', 'POL9004 s not in {"rm"}'],
    ['allow r on go when s != "rm"', 'POL9004 s != "rm"'],
    ['allow r on go when b unless "rm" == s', 'POL9004 "rm" == s'],
    ['deny r on go when (o ?? "rm") == "rm"', 'POL9004 (o ?? "rm") == "rm"'],
    ['allow r on go when file_name.starts_with("x")', 'POL9005 file_name.starts_with("x")'],
    ['allow r on go when url.starts_with("x")', 'POL9005 url.starts_with("x")'],
    ['allow r on go when free.starts_with("https://a")', 'POL9005 free.starts_with("https://a")'],
    ['allow r on go when free.starts_with("/tmp")', 'POL9005 free.starts_with("/tmp")'],
    ['allow r on go when free.ends_with(".corp.example")', 'POL9005 free.ends_with(".corp.example")'],
    ['allow r on go when free.ends_with("@corp.example")', 'POL9005 free.ends_with("@corp.example")'],
    ["allow r on go when now - t < 5m", "POL9006 now - t < 5m"],
    ["allow r on go when 5m >= now - t", "POL9006 5m >= now - t"],
  ])("%s", (rule, underlined) => {
    expect(warnings(rule)).toEqual([underlined]);
  });

  test.each([
    "deny r on go when n > 1 and b == true",
    'deny r on go when w == "rm"',
    'deny r on go when agent.kind == "x" or agent.id == "y"',
    'allow r on go when s == "rm"',
    'deny r on go unless s in {"ls"}',
    'allow r on go when free.starts_with("a-") and free like "a*b"',
    "allow r on go when now - t < 5m and t <= now",
    "allow r on go when now - t < 5m unless now < t",
    "allow r on go when now - t < 5m and now - t >= 0s",
    "allow r on go when now - t in 0s..5m",
    "deny r on go when now - t > 5m",
    "deny a on go when b\nhold r on go when b",
  ])("%s is fine", (rule) => {
    expect(warnings(rule)).toEqual([]);
  });
});

describe("declarations", () => {
  test.each([
    ["enum A { x } action go {}\nallow a on go always", ["POL9001 A"]],
    ["record A { x: int } action go {}\nallow a on go always", ["POL9001 A"]],
    ["entity A action go {}\nallow a on go always", ["POL9001 A"]],
    ["entity A in A action go {}\nallow a on go always", ["POL9001 A"]],
    ["entity G entity A in G action go { g: G }\nallow a on go always", []],
    ["enum A { x } action go { a: A }\nallow a on go always", []],
    ["action go {} action og {}\nallow a on go always", ["POL9007 og"]],
    ["action go {} action og {}\nallow a on go always\ndeny b on * when trust < 1", ["POL9008 og"]],
  ])("%s", (text, expected) => {
    expect(underlines(text)).toEqual(expected);
  });
});
