/** Runs in a page. */
import { decideAll } from "./decide.ts";
import { report } from "./page.ts";

await report((bytesOf) => decideAll(bytesOf));
