import { format } from "@polity/compiler/format/format.ts";
import { expect, test } from "vitest";

const BEFORE = `polity 1
policy a.b version 1
enum Zone { eu, us }
action read { zone: Zone, size: int }
action write { zone: Zone, size: int }
allow small on read, write when size < 5
test "grid" grid on read,write {
| zone / size | 1 | 9 |
| eu | read, write | none |
| us | read,hold write | none |
}
`;

const AFTER = `test "grid" grid on read, write {
  | zone / size | 1                | 9    |
  | eu          | read, write      | none |
  | us          | read, hold write | none |
}
`;

test("the rows of a grid stand below each other", () => {
  const text = format(BEFORE);
  expect(text?.slice(text.indexOf("test "))).toBe(AFTER);
});
