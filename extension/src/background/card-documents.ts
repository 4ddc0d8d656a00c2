// The documents in which the user asked for a summary: their cards, and no other script of a page, may ask for more. In
// storage.session: outlives this worker, not the browser. A document ends with its page, so a grant does too.

const KEY = "cardDocuments";

/** More cards than are open at once; the oldest grants go first. */
const MAX_DOCUMENTS = 50;

let writing: Promise<void> = Promise.resolve();

export function allowCard(documentId: string): Promise<void> {
  writing = writing.then(async () => {
    const others = (await cardDocuments()).filter((known) => known !== documentId);
    await chrome.storage.session.set({ [KEY]: [...others, documentId].slice(-MAX_DOCUMENTS) });
  });
  return writing;
}

export async function cardDocuments(): Promise<string[]> {
  const stored = (await chrome.storage.session.get(KEY))[KEY];
  return Array.isArray(stored) ? stored.filter((id): id is string => typeof id === "string") : [];
}
