// The one question about the platform that the extension asks.

/** Whether the command key takes the place of Ctrl. */
export function isMac(): boolean {
  return /^Mac/i.test(navigator.platform);
}
