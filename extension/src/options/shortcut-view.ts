// The keyboard shortcut for summaries. It is the browser's: shown here, changed on the browser's own page.

import { byId } from "../shared/dom";
import { t } from "../shared/i18n";

const SHORTCUTS_PAGE = "chrome://extensions/shortcuts";

export async function showShortcut(): Promise<void> {
  const button = byId("shortcut", HTMLButtonElement);
  button.addEventListener("click", () => void chrome.tabs.create({ url: SHORTCUTS_PAGE }));
  const commands = await chrome.commands.getAll();
  const { shortcut } = commands.find(({ name }) => name === "summarize-selection") ?? {};
  // Another extension may have had it first.
  button.textContent = shortcut || t("shortcutNone");
}
