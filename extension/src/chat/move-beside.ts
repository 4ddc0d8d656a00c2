// From the toolbar's popup to the side panel. A popup closes as soon as another window has the focus, and the consent sheet is
// another window: the answer would be lost with it. So the side panel takes the chat over, by a word in session storage.

const KEY = "chatHandOver";

/** True if the chat moved to the side panel, which goes on. Must run in the handler of a click. */
export async function movedBeside(): Promise<boolean> {
  const isPopup = location.pathname === "/popup.html" && (await chrome.tabs.getCurrent()) === undefined;
  if (!isPopup || !chrome.sidePanel?.open) return false;
  const { id } = await chrome.windows.getCurrent();
  if (id === undefined) return false;
  await chrome.storage.session.set({ [KEY]: Date.now() });
  await chrome.sidePanel.open({ windowId: id });
  window.close();
  return true;
}

/** Calls back when a popup handed the chat over to this page. Older than this is somebody else's. */
export function onHandOver(callback: () => void): void {
  if (location.pathname !== "/sidepanel.html") return;
  const take = async (handedOver: unknown) => {
    if (typeof handedOver !== "number" || Date.now() - handedOver > FRESH_MS) return;
    await chrome.storage.session.remove(KEY);
    callback();
  };
  chrome.storage.onChanged.addListener((changes, area) => {
    if (area === "session" && changes[KEY]?.newValue !== undefined) void take(changes[KEY].newValue);
  });
  void chrome.storage.session.get(KEY).then((stored) => take(stored[KEY]));
}

const FRESH_MS = 10_000;
