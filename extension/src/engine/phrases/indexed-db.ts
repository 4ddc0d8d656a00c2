// A vault in IndexedDB, which keeps keys of WebCrypto as they are: usable, and not to be read.

import type { Vault } from "./phrase-store";

const DATABASE = "sotto-phrases";
const STORE = "parts";

export class IndexedDbVault implements Vault {
  #opening: Promise<IDBDatabase> | undefined;

  async get(name: string): Promise<unknown> {
    // Looking leaves no empty database behind.
    if (!this.#opening && !(await isThere())) return undefined;
    const transaction = (await this.#open()).transaction(STORE);
    return settled(transaction.objectStore(STORE).get(name));
  }

  async put(values: Record<string, unknown>): Promise<void> {
    await this.#write((store) => {
      for (const [name, value] of Object.entries(values)) store.put(value, name);
    });
  }

  async destroy(first: string): Promise<void> {
    if (!this.#opening && !(await isThere())) return;
    await this.#write((store) => store.delete(first));
    (await this.#open()).close();
    this.#opening = undefined;
    await settled(indexedDB.deleteDatabase(DATABASE));
  }

  async #write(change: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = (await this.#open()).transaction(STORE, "readwrite", { durability: "strict" });
    change(transaction.objectStore(STORE));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("The browser's database did not keep it."));
    });
  }

  #open(): Promise<IDBDatabase> {
    this.#opening ??= this.#connect().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #connect(): Promise<IDBDatabase> {
    const database = await open();
    // Whoever deletes it shall not wait for us; what comes after that opens it anew.
    database.onversionchange = () => {
      database.close();
      this.#opening = undefined;
    };
    database.onclose = () => {
      this.#opening = undefined;
    };
    return database;
  }
}

async function isThere(): Promise<boolean> {
  return (await indexedDB.databases()).some(({ name }) => name === DATABASE);
}

async function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("The browser's database does not answer."));
  });
}
