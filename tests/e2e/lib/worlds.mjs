// The worlds that the extension's content scripts have in a page, reached through the debugging protocol.

/**
 * @typedef {object} Worlds
 * @property {number} count
 * @property {(expression: string) => Promise<any[]>} evaluate the value in each world
 */

/**
 * @param {import("@playwright/test").Page} page
 * @param {string} extensionId
 * @returns {Promise<Worlds>}
 */
export async function extensionWorlds(page, extensionId) {
  const session = await page.context().newCDPSession(page);
  /** @type {number[]} */
  const ids = [];
  session.on("Runtime.executionContextCreated", ({ context }) => {
    if (context.origin === `chrome-extension://${extensionId}`) ids.push(context.id);
  });
  // Reports the worlds that exist before it answers.
  await session.send("Runtime.enable");
  return {
    count: ids.length,
    evaluate: (expression) =>
      Promise.all(
        ids.map(async (contextId) => {
          const answer = await session.send("Runtime.evaluate", { expression, contextId, returnByValue: true });
          if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.text);
          return answer.result.value;
        }),
      ),
  };
}
