/** Sharing documents, after Google Drive. */
import {
  type App,
  type Ask,
  closeAncestors,
  type Draw,
  type Entity,
  edges,
  type Graph,
  ids,
  named,
} from "./graph.ts";

/** The published generator names edges to views otherwise than the views: nothing is ever shared. */
export const GDRIVE_QUIRK: App = app("gdrive-quirk", false);
export const GDRIVE: App = app("gdrive", true);

function app(name: string, isShared: boolean): App {
  return {
    name,
    policy: "gdrive",
    graph: (draw, count) => graph(draw, count, isShared),
    actions: [
      ["read", "document", "Document"],
      ["write", "document", "Document"],
      ["share", "document", "Document"],
      ["change_owner", "document", "Document"],
      ["create_document", "folder", "Folder"],
    ],
    references: new Map([
      ["view", "View"],
      ["owned_documents", "Document"],
      ["owned_folders", "Folder"],
    ]),
    byHand,
  };
}

/** 6 x count: users and groups with a view each, folders and documents. */
function graph(draw: Draw, count: number, isShared: boolean): Graph {
  const all = Array.from({ length: count }, (_, at) => at);
  const memberships = all.map(() => edges(draw, "Group", count));
  const users = all.map((at): Entity => {
    const view = named("View", `u${at}`).id;
    const owned_documents = ids(edges(draw, "Document", count));
    const owned_folders = ids(edges(draw, "Folder", count));
    return {
      ...named("User", at),
      attributes: { view, owned_documents, owned_folders },
      parents: memberships[at]!,
    };
  });
  const groups = all.map((at): Entity => ({ ...named("Group", at), parents: [] }));
  // A view of a group is seen by each of its members.
  const views = all.flatMap((at): Entity[] => {
    const members = all.filter((user) => memberships[user]!.some(({ id }) => id === named("Group", at).id));
    const parents = isShared ? members.map((user) => named("View", `u${user}`)) : [];
    return [
      { ...named("View", `u${at}`), parents: [] },
      { ...named("View", `g${at}`), parents },
    ];
  });
  const seenIn = () => {
    const found = all.flatMap((at) => {
      const [user, group] = [draw.edge(), draw.edge()];
      return [...(user ? [named("View", `u${at}`)] : []), ...(group ? [named("View", `g${at}`)] : [])];
    });
    return isShared ? found : [];
  };
  const folders = all.map((at): Entity => {
    return { ...named("Folder", at), parents: [...edges(draw, "Folder", at), ...seenIn()] };
  });
  const documents = all.map((at): Entity => {
    const parents = [...edges(draw, "Folder", count), ...seenIn()];
    return { ...named("Document", at), attributes: { is_public: draw.coin() }, parents };
  });
  return [...users, ...groups, ...views, ...folders, ...documents];
}

interface User {
  readonly view: string;
  readonly documents: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
}

interface Document {
  readonly isPublic: boolean;
  readonly above: ReadonlySet<string>;
}

function byHand(of: Graph): Ask {
  const ancestors = closeAncestors(of);
  const users = new Map<string, User>();
  const documents = new Map<string, Document>();
  for (const { type, id, attributes = {} } of of) {
    const { view, owned_documents, owned_folders, is_public } = attributes;
    if (type === "User") {
      const [own, folders] = [owned_documents as string[], owned_folders as string[]];
      users.set(id, { view: view as string, documents: new Set(own), folders: new Set(folders) });
    } else if (type === "Document") {
      documents.set(id, { isPublic: is_public as boolean, above: ancestors.get(id)! });
    }
  }
  return ({ action, fields }) => {
    const user = users.get(fields.user!);
    if (user === undefined) return false;
    if (action === "create_document") return user.folders.has(fields.folder!);
    const document = documents.get(fields.document!);
    if (document === undefined) return false;
    if (user.documents.has(fields.document!)) return true;
    if (action === "change_owner") return false;
    if (action === "read" && (document.isPublic || document.above.has(user.view))) return true;
    for (const folder of user.folders) if (document.above.has(folder)) return true;
    return false;
  };
}
