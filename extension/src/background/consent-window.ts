// The consent sheet's window: a page of ours in a window of its own, which no page can open, cover with its own content or
// script. Known by its id in session storage, which outlives this worker.

const KEY = "consentWindow";

const WIDTH = 760;
const HEIGHT = 820;

let opening: Promise<void> = Promise.resolve();

/** Opens it, or brings it to the front. Calls queue up: there is only ever one. */
export function openConsent(): Promise<void> {
  opening = opening.then(open, open);
  return opening;
}

async function open(): Promise<void> {
  const known = (await chrome.storage.session.get(KEY))[KEY];
  if (typeof known === "number" && (await broughtToFront(known))) return;
  const window = await chrome.windows.create({
    url: chrome.runtime.getURL("consent.html"),
    type: "popup",
    focused: true,
    width: WIDTH,
    height: HEIGHT,
  });
  await chrome.storage.session.set({ [KEY]: window?.id });
}

/** False if the window is not there any more. Ids are not used twice in a session of the browser. */
async function broughtToFront(id: number): Promise<boolean> {
  try {
    await chrome.windows.update(id, { focused: true });
    return true;
  } catch {
    return false;
  }
}
