/** Writes docs/openapi.generated.json, the document that `pol serve` gives at /openapi.json. */
import { writeFileSync } from "node:fs";
import { openApiText } from "@polity/gateway/http/openapi.ts";
import { version } from "../cli/version.ts";

writeFileSync(new URL("../docs/openapi.generated.json", import.meta.url), openApiText(version));
