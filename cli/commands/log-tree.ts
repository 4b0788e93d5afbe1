import { type ReadEntry, readEntries } from "@polity/lineage/read-entries.ts";
import { countOption } from "../count-option.ts";
import { type EntryNode, makeEntryTree, walkTree } from "../entry-tree.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { withPublished } from "../published-log.ts";
import { entryJson } from "../render-entry.ts";
import { treeLines } from "../render-tree.ts";
import { tellNote } from "../tell.ts";
import { paintFor, write } from "../terminal.ts";
import { plural, quoted } from "../words.ts";

const LAST_USUAL = 10_000;
/** All of them are in memory before the first is printed. */
const LAST_MAX = 100_000;
const LINES_AT_ONCE = 256;

export function run(invocation: Invocation): Promise<number> {
  const last = countOption(invocation, "last", 1) ?? LAST_USUAL;
  if (last > LAST_MAX) throw usage(invocation.command, `--last is at most ${LAST_MAX}`);
  const execution = invocation.values.get("execution") ?? null;
  const json = invocation.switches.has("json");
  return withPublished(invocation, async (log) => {
    const { size } = log.checkpoint;
    const from = Math.max(0, size - last);
    if (!log.isVerified) await tellNote("no --key, so no signature is checked");
    if (from > 0) await tellNote(`only the last ${plural(last, "entry", "entries")} of ${size}: see --last`);
    const tree = makeEntryTree<ReadEntry>();
    for await (const read of readEntries(log.tree, from)) tree.add(read);
    const begin = execution === null ? null : tree.begin(execution);
    if (begin === undefined) {
      const hint = "pol log search --execution finds what belongs to it";
      throw failure(`no execution ${quoted(execution ?? "")} begins here`, hint, EXIT.no);
    }
    await print(begin === null ? tree.roots : [begin], json, String(Math.max(0, size - 1)).length);
    return EXIT.done;
  });
}

async function print(roots: readonly EntryNode<ReadEntry>[], json: boolean, width: number): Promise<void> {
  const paint = paintFor("out");
  let lines: string[] = [];
  const flush = async () => {
    if (lines.length > 0) await write(`${lines.join("\n")}\n`);
    lines = [];
  };
  for (const root of roots) {
    for (const line of json ? jsonLines(root) : treeLines(root, width, paint)) {
      lines.push(line);
      if (lines.length === LINES_AT_ONCE) await flush();
    }
  }
  await flush();
}

/** In the order of the tree; whoever reads them needs no more than the index of what is above. */
function* jsonLines(root: EntryNode<ReadEntry>): Generator<string> {
  for (const { node, depth } of walkTree(root)) {
    const place = JSON.stringify({ depth, under: depth === 0 ? null : (node.under?.read.index ?? null) });
    yield `${place.slice(0, -1)},${entryJson(node.read).slice(1)}`;
  }
}
