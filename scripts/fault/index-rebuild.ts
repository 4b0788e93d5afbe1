/** I6: the index of a log, once it has followed it, says what one that is made anew says. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openCrossCheck } from "@polity/lineage/index-store/cross-check.ts";
import { openIndex } from "@polity/lineage/index-store/log-index.ts";
import { readEntries } from "@polity/lineage/read-entries.ts";
import { LogError } from "@polity/lineage/store.ts";
import { LOG_ORIGIN, publishedLog } from "./log-api.ts";
import type { Place } from "./place.ts";

const INDEX = "index.sqlite";

export function indexPath({ dir }: Pick<Place, "dir">): string {
  return join(dir, INDEX);
}

/** Brings the index at `path` up to date with what is published. Rejects with a `LogError`. */
export async function followIndex({ dir }: Pick<Place, "dir">, path: string): Promise<void> {
  const log = await publishedLog(join(dir, "public"));
  const index = await openIndex(path, LOG_ORIGIN);
  try {
    await index.follow(log);
  } finally {
    index.close();
  }
}

/** What the whole check of a log has to say of its index; null where it finds nothing. */
export async function indexFinding({ dir }: Pick<Place, "dir">): Promise<string | null> {
  const scratch = `${dir}-check.sqlite`;
  const cross = await openCrossCheck(scratch);
  try {
    for await (const read of readEntries((await publishedLog(join(dir, "public"))).tree, 0)) cross.add(read);
    const { size, findings } = await cross.compareIndex(indexPath({ dir }), LOG_ORIGIN);
    // Without a size it says that this is no index.
    return size === null ? "(no index)" : (findings[0]?.code ?? null);
  } catch (error) {
    if (error instanceof LogError) return error.code;
    throw error;
  } finally {
    cross.close();
    removeDatabase(scratch);
  }
}

function removeDatabase(path: string): void {
  for (const end of ["", "-wal", "-shm", "-journal"]) rmSync(`${path}${end}`, { force: true });
}

/** Nothing where there is no index. */
export async function indexProblems(place: Pick<Place, "dir">): Promise<readonly string[]> {
  const path = indexPath(place);
  if (!existsSync(path)) return [];
  const anew = `${place.dir}-${INDEX}`;
  try {
    await followIndex(place, path);
    await followIndex(place, anew);
    return difference(dump(path), dump(anew));
  } catch (error) {
    return [`I6: the index cannot be made: ${error}`];
  } finally {
    removeDatabase(anew);
  }
}

function difference(found: readonly string[], wanted: readonly string[]): readonly string[] {
  const at = found.findIndex((line, row) => line !== wanted[row]);
  if (at === -1 && found.length === wanted.length) return [];
  const row = at === -1 ? found.length : at;
  return [`I6: the index says ${found[row] ?? "nothing"}, made anew it says ${wanted[row] ?? "nothing"}`];
}

/** Every row of every table, as text, in an order of its own. */
function dump(path: string): readonly string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database
      .prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .all()
      .map(({ name }) => String(name));
    return tables.flatMap((table) =>
      database
        .prepare(`SELECT * FROM "${table}"`)
        .all()
        .map((row) => `${table} ${Object.values(row).map(text).join("|")}`)
        .sort(),
    );
  } finally {
    database.close();
  }
}

function text(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);
}
