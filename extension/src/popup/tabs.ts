// The two tabs of the popup: switches and chat. The chat's script is loaded when somebody goes there for the first time.

import { byId } from "../shared/dom";

const NAMES = ["site", "chat"] as const;
type Name = (typeof NAMES)[number];

/** In localStorage, because it is read before the first paint. */
const LAST_KEY = "popupTab";

export function startTabs(): void {
  for (const name of NAMES) {
    const tab = tabOf(name);
    tab.addEventListener("click", () => show(name));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = name === "site" ? "chat" : "site";
      show(other);
      tabOf(other).focus();
    });
  }
  show(localStorage.getItem(LAST_KEY) === "chat" ? "chat" : "site");
  void offerSidePanel();
}

function show(shown: Name): void {
  for (const name of NAMES) {
    const selected = name === shown;
    tabOf(name).setAttribute("aria-selected", String(selected));
    tabOf(name).tabIndex = selected ? 0 : -1;
    byId(name, HTMLElement).hidden = !selected;
  }
  localStorage.setItem(LAST_KEY, shown);
  if (shown === "chat") loadChat();
}

function loadChat(): void {
  if (document.querySelector('script[src="chat.js"]')) return;
  const script = document.createElement("script");
  script.src = "chat.js";
  document.head.append(script);
}

/** The same chat beside the page, where the browser has a side panel: it stays open while one works. */
async function offerSidePanel(): Promise<void> {
  if (!chrome.sidePanel?.open) return;
  const { id } = await chrome.windows.getCurrent();
  if (id === undefined) return;
  const button = byId("beside", HTMLButtonElement);
  button.hidden = false;
  button.addEventListener("click", () => {
    void chrome.sidePanel.open({ windowId: id }).then(() => window.close());
  });
}

function tabOf(name: Name): HTMLButtonElement {
  return byId(`tab-${name}`, HTMLButtonElement);
}
