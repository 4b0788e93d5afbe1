/** The rules of shared-drive.ts in JavaScript, over the same snapshot in Maps and Sets. */
import type { DriveRequest } from "./shared-drive.ts";

interface Line {
  readonly type: string;
  readonly id: string;
  readonly attributes?: {
    readonly view?: string;
    readonly public?: boolean;
    readonly documents?: readonly string[];
    readonly folders?: readonly string[];
  };
  readonly parents?: readonly { readonly type: string; readonly id: string }[];
}

interface Holder {
  readonly view: string;
  readonly documents: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
}

interface Doc {
  readonly isPublic: boolean;
  readonly above: ReadonlySet<string>;
}

export function driveByHand(lines: Iterable<string>): (request: DriveRequest) => boolean {
  const groups = new Map<string, readonly string[]>();
  const users = new Map<string, Holder>();
  const documents: { readonly id: string; readonly isPublic: boolean }[] = [];
  for (const line of lines) {
    const { type, id, attributes = {}, parents = [] } = JSON.parse(line) as Line;
    groups.set(
      `${type}:${id}`,
      parents.map((parent) => `${parent.type}:${parent.id}`),
    );
    if (type === "Document") documents.push({ id, isPublic: attributes.public === true });
    if (type !== "User") continue;
    users.set(id, {
      view: `View:${attributes.view}`,
      documents: new Set(attributes.documents),
      folders: new Set(attributes.folders?.map((folder) => `Folder:${folder}`)),
    });
  }
  const known = new Map<string, ReadonlySet<string>>();
  const above = (name: string): ReadonlySet<string> => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const all = new Set<string>();
    for (const parent of groups.get(name) ?? []) {
      all.add(parent);
      for (const further of above(parent)) all.add(further);
    }
    known.set(name, all);
    return all;
  };
  const docs = new Map<string, Doc>(
    documents.map(({ id, isPublic }) => [id, { isPublic, above: above(`Document:${id}`) }]),
  );
  return ({ action, fields }) => {
    const user = users.get(fields.user)!;
    if (action === "create_document") return user.folders.has(`Folder:${fields.folder}`);
    const id = fields.document!;
    const doc = docs.get(id)!;
    if (action === "read" && (doc.above.has(user.view) || doc.isPublic)) return true;
    return user.documents.has(id) || [...user.folders].some((folder) => doc.above.has(folder));
  };
}
