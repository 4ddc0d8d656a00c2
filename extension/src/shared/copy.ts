// Copies text to the clipboard. Pages without a secure context have no clipboard API; there, a text field of our own is
// selected and copied by the editing command.

/** True if it was copied. `place` is where a field may be put for a moment. */
export async function copyText(text: string, place: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Refused by the page's permissions policy, or not there.
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.style.cssText = "position:fixed;inset:0 auto auto 0;width:1px;height:1px;opacity:0";
  place.append(field);
  try {
    field.select();
    return document.execCommand("copy");
  } finally {
    field.remove();
  }
}
