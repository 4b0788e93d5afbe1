/** Bundled and run by an older Node, which cannot read our sources: prints its verdict on every case. */
import { readFileSync } from "node:fs";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { verdictOf } from "./ed25519-cases.ts";
import type { SignatureCase } from "./ed25519-crafted.ts";
import { type ChildReport, platformVerify } from "./ed25519-platform.ts";

const cases = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as readonly SignatureCase[];
const report: ChildReport = {
  portable: cases.map((row) => verdictOf(portableCrypto.verify, row)),
  native: cases.map((row) => verdictOf(nodeCrypto.verify, row)),
  platform: cases.map((row) => verdictOf(platformVerify, row)),
};
console.log(JSON.stringify(report));
