/** Runs in a page. */
import { checkProof } from "./check-proof.ts";
import { report } from "./page.ts";

await report((bytesOf) => checkProof(bytesOf));
