/** The last checkpoint of each log that this browser has seen, in IndexedDB. */

const DATABASE = "polity-proof-viewer";
const STORE = "checkpoints";

export interface Kept {
  readonly origin: string;
  /** The signed note. */
  readonly note: string;
}

/** Null where nothing is kept. Rejects where the browser keeps nothing for such a page. */
export async function readKept(origin: string): Promise<Kept | null> {
  const found = await inStore("readonly", (store) => store.get(origin) as IDBRequest<Kept | undefined>);
  return found ?? null;
}

export async function writeKept(kept: Kept): Promise<void> {
  await inStore("readwrite", (store) => store.put(kept));
}

export async function forgetKept(origin: string): Promise<void> {
  await inStore("readwrite", (store) => store.delete(origin));
}

/** Resolves once it is durable, or as durable as a browser makes it. */
async function inStore<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "origin" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
