/** `@severity(high)`: for people and their tools, never for rules. */
import type { Tag } from "../ast.ts";
import type { Rule } from "../checked.ts";
import { uniqueNames } from "./declarations.ts";
import { tagTooLarge, wrongTagArgument } from "./messages-definitions.ts";
import { tooMany } from "./messages-types.ts";
import { byName, utf8Bytes } from "./order.ts";
import type { World } from "./world.ts";

const TAGS_MAX = 16;
const ARGUMENTS_MAX = 8;
const ARGUMENT_BYTES_MAX = 256;

/** Arguments become text: words and numbers as written, texts without their quotes. */
export function checkTags(tags: readonly Tag[], world: World): Rule["tags"] {
  const { report, source } = world;
  const extra = tags[TAGS_MAX];
  if (extra !== undefined) report(tooMany(extra.span, "tags", tags.length, TAGS_MAX));
  return uniqueNames(tags, "a tag of this rule", source, report)
    .map((tag) => ({ name: tag.name.text, args: argumentsOf(tag, world) }))
    .sort(byName);
}

function argumentsOf({ args, span }: Tag, { report, source }: World): readonly string[] {
  if (args.length > ARGUMENTS_MAX) report(tooMany(span, "arguments", args.length, ARGUMENTS_MAX));
  return args.map((argument) => {
    const { kind } = argument.kind === "negate" ? argument.of : argument;
    if (kind === "select" || kind === "entity") report(wrongTagArgument(argument.span));
    const written = source.text.slice(argument.span.start, argument.span.end);
    const text = argument.kind === "text" ? argument.value : written;
    const bytes = utf8Bytes(text);
    if (bytes > ARGUMENT_BYTES_MAX) report(tagTooLarge(argument.span, bytes, ARGUMENT_BYTES_MAX));
    return text;
  });
}
