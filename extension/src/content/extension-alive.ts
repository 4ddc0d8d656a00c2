// Is the extension that this script belongs to still there? After a reload, an update or a removal the script goes on
// running, cut off from everything, and nobody tells it.

export function isExtensionAlive(): boolean {
  try {
    return chrome.runtime?.id !== undefined;
  } catch {
    return false;
  }
}
