/** Writes grammar/pol.ebnf and grammar/pol.tmLanguage.json from the parser and its tokens. */
import { writeFileSync } from "node:fs";
import { ebnf } from "@polity/grammar/ebnf.ts";
import { textMate } from "@polity/grammar/textmate.ts";

const folder = new URL("../grammar/", import.meta.url);
writeFileSync(new URL("pol.ebnf", folder), ebnf());
writeFileSync(new URL("pol.tmLanguage.json", folder), textMate());
