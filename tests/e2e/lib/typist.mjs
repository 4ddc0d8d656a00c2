// Types like a person and waits for what Sotto makes of it; for the demo and the benchmark.

/**
 * Replaces the text of the focused field with real key events.
 * @param {import("@playwright/test").Page} page
 * @param {string} text
 * @param {number} intervalMs between two keys
 */
export async function replaceText(page, text, intervalMs) {
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  await page.keyboard.type(text, { delay: intervalMs });
}

/**
 * Waits for a suggestion, or for the reason why there is none.
 * @param {import("./browser.mjs").Sotto} sotto
 * @param {import("@playwright/test").Page} page
 * @param {number} timeoutMs
 * @returns {Promise<{text: string, reason: string | null}>} empty text where nothing shows
 */
export async function waitForAnswer(sotto, page, timeoutMs) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const state = await sotto.inspect(page);
    if (state?.visible) return { text: state.text, reason: null };
    if (state?.reason && !state.waiting) return { text: "", reason: state.reason };
    if (performance.now() > deadline) return { text: "", reason: state === undefined ? "noContentScript" : "timeout" };
  }
}
