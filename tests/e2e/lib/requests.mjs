// Counts what the content script asks of the engine, by wrapping the port in the script's own world.

import { extensionWorlds } from "./worlds.mjs";

// Runs in the extension's world. Self-contained: it is sent as text.
function install() {
  /** @type {any} */
  const scope = globalThis;
  /** @type {Record<string, number>} */
  const counts = {};
  scope.__sottoRequests = counts;
  const { connect } = chrome.runtime;
  chrome.runtime.connect = /** @type {any} */ (
    (/** @type {any[]} */ ...args) => {
      const port = connect.apply(chrome.runtime, /** @type {any} */ (args));
      const post = port.postMessage;
      port.postMessage = (message) => {
        counts[message.type] = (counts[message.type] ?? 0) + 1;
        post.call(port, message);
      };
      return port;
    }
  );
}

/**
 * Call it after the page has loaded and before the field is touched.
 * @param {import("@playwright/test").Page} page
 * @param {string} extensionId
 * @returns {Promise<() => Promise<number>>} how many suggestions were asked for so far
 */
export async function countRequests(page, extensionId) {
  const worlds = await extensionWorlds(page, extensionId);
  await worlds.evaluate(`(${install.toString()})()`);
  return async () =>
    (await worlds.evaluate("__sottoRequests.suggest ?? 0")).reduce((sum, count) => sum + Number(count), 0);
}
