/** What of reading request entities depends on the policy's types. */
import { SLOT_BYTES } from "@polity/runtime/layout.ts";
import type { Ir } from "../ir.ts";
import { entityIndex, functionOf } from "./names.ts";

export function printCarried({ entities, manifest }: Ir): string {
  const { types } = manifest;
  const carried = entities.flatMap((struct, type) => {
    const declared = types.entities.get(struct.name);
    return declared?.fromRequest === true ? [{ struct, type, groups: declared.groups }] : [];
  });
  // In front of a record stands the number of its type.
  const sizes = carried.map(
    ({ struct, type }) => `    case ${type}:\n      return ${SLOT_BYTES + struct.bytes};`,
  );
  const groups = carried.map(({ type, groups }) => {
    const tests = groups.map((group) => `group == ${entityIndex(types, group)}`);
    return `    case ${type}:\n      return ${tests.join(" || ") || "false"};`;
  });
  const attributes = carried.flatMap(({ struct, type }) =>
    struct.slots.length === 0
      ? []
      : [
          `      case ${type}:`,
          `        ${functionOf("attributes", type, struct.name)}(record);`,
          "        break;",
        ],
  );
  return [
    "function bytesOf(type: u32): u32 {",
    "  switch (type) {",
    ...sizes,
    "  }",
    "  return 0;",
    "}",
    "",
    "function isGroup(type: u32, group: u32): bool {",
    "  switch (type) {",
    ...groups,
    "  }",
    "  return false;",
    "}",
    "",
    PLACE_EACH,
    "",
    "function decodeEach(): void {",
    "  openCarried();",
    "  for (let i: u32 = 0, count = carriedCount(); i < count; i++) {",
    "    const type = carriedType(i);",
    "    const record = openCarriedRecord(i);",
    "    for (let k: u32 = 0, parents = parentCount(record); k < parents; k++) {",
    "      if (isGroup(type, parentType(record, k))) decodeParent(record, k);",
    "      else refuse(3);",
    "    }",
    ...(attributes.length === 0 ? [] : ["    switch (type) {", ...attributes, "    }"]),
    "  }",
    "  closeCarried();",
    "}",
  ].join("\n");
}

const PLACE_EACH = `function placeEach(fixedBytes: u32): void {
  beginCarried(fixedBytes);
  for (let i: u32 = 0, count = carriedCount(); i < count && refusal == 0; i++) {
    if (!placeCarried(bytesOf(typeAhead()))) refuse(3);
  }
}`;
