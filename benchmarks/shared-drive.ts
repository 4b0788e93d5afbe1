/**
 * A graph of shared documents of any size: users and groups with a view each, documents and folders in
 * folders and views. Everybody has some few neighbours, however many there are.
 */
import { random } from "./random.ts";

/** Who may do what is a question about sets of an entity and groups of groups. */
export const DRIVE_POLICY = `polity 1
policy benchmarks.drive version 1

/// What a user or a group was shown.
entity View in View
entity Group
entity Folder in Folder, View
entity Document in Folder, View { public: bool }
entity User {
  view:      View
  documents: set<Document> max 64
  folders:   set<Folder> max 64
}

subject user: User

action read            { document: Document }
action write           { document: Document }
action create_document { folder: Folder }

allow shown on read
  when document in user.view or document.public or document in user.documents or document in user.folders
allow own on write when document in user.documents or document in user.folders
allow own_folder on create_document when user.folders.has(folder)
`;

/** Of each kind there are \`count\`, of views twice as many: entities in all. */
export function entitiesOf(count: number): number {
  return count * 6;
}

const ids = {
  user: (at: number) => `user-${at}`,
  group: (at: number) => `group-${at}`,
  document: (at: number) => `document-${at}`,
  folder: (at: number) => `folder-${at}`,
};

type Parent = readonly [type: string, id: string];

/** The snapshot as JSON Lines, an entity a line, in no order; the same seed gives the same lines. */
export function* driveLines(count: number, seed: number): Generator<string> {
  const next = random(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  const some = (most: number, limit: number) =>
    limit === 0 ? [] : Array.from({ length: below(most + 1) }, () => below(limit));
  const distinct = (all: readonly number[]) => [...new Set(all)];
  for (let at = 0; at < count; at += 1) {
    const joined = distinct(some(3, count)).map((group): Parent => ["View", ids.group(group)]);
    yield line("View", ids.user(at), joined);
    yield line("View", ids.group(at), []);
    yield line("Group", ids.group(at), []);
    const inFolder = distinct(some(1, at)).map((folder): Parent => ["Folder", ids.folder(folder)]);
    const shown = distinct(some(2, count)).map((user): Parent => ["View", ids.user(user)]);
    yield line("Folder", ids.folder(at), [...inFolder, ...shown]);
    const kept = distinct(some(2, count)).map((folder): Parent => ["Folder", ids.folder(folder)]);
    const seen = distinct(some(2, count)).map((user): Parent => ["View", ids.user(user)]);
    yield line("Document", ids.document(at), [...kept, ...seen], { public: next() < 0.5 });
    yield line("User", ids.user(at), [], {
      view: ids.user(at),
      documents: distinct(some(4, count)).map(ids.document),
      folders: distinct(some(2, count)).map(ids.folder),
    });
  }
}

function line(type: string, id: string, parents: readonly Parent[], attributes?: object): string {
  return JSON.stringify({
    type,
    id,
    ...(attributes && { attributes }),
    ...(parents.length > 0 && { parents: parents.map(([type, id]) => ({ type, id })) }),
  });
}

export interface DriveRequest {
  readonly action: string;
  readonly fields: { readonly user: string; readonly document?: string; readonly folder?: string };
}

/** As a server has them: parsed from JSON. */
export function driveRequests(count: number, seed: number, length: number): readonly DriveRequest[] {
  const next = random(seed);
  const pick = (kind: keyof typeof ids) => ids[kind](Math.floor(next() * count));
  const made = Array.from({ length }, () => {
    const action = ["read", "write", "create_document"][Math.floor(next() * 3)]!;
    const of = action === "create_document" ? { folder: pick("folder") } : { document: pick("document") };
    return { action, fields: { user: pick("user"), ...of } };
  });
  return made.map((request) => JSON.parse(JSON.stringify(request)) as DriveRequest);
}
