// The summary card of a page. It lives in a closed shadow root, which no script of a page reaches; the debugging protocol
// does, so that a test can read it and press its buttons with real mouse events.

/**
 * @typedef {object} Card
 * @property {(selector?: string) => Promise<string>} text             text of a part, "" if it is hidden or there is no card
 * @property {(selector: string) => Promise<boolean>} isVisible
 * @property {(selector: string) => Promise<void>} click                with the mouse
 * @property {<T>(body: string) => Promise<T | undefined>} evaluate     `body` as a function's, with `root`, in the page
 * @property {() => Promise<number>} count                              cards on the page
 */

/** @param {import("@playwright/test").Page} page @returns {Promise<Card>} */
export async function cardOf(page) {
  const session = await page.context().newCDPSession(page);

  /** @returns {Promise<string | undefined>} the shadow root, as an object of the page's world */
  async function shadowRoot() {
    const { root } = await session.send("DOM.getDocument", { depth: -1, pierce: true });
    const html = root.children?.find((node) => node.nodeName === "HTML");
    const host = html?.children?.find((node) => node.localName === "sotto-card");
    const shadow = host?.shadowRoots?.[0];
    if (!shadow) return undefined;
    const { object } = await session.send("DOM.resolveNode", { backendNodeId: shadow.backendNodeId });
    return object.objectId;
  }

  /** @param {string} body @returns {Promise<any>} */
  async function evaluate(body) {
    const objectId = await shadowRoot();
    if (objectId === undefined) return undefined;
    const answer = await session.send("Runtime.callFunctionOn", {
      objectId,
      functionDeclaration: `function () { const root = this; ${body} }`,
      returnByValue: true,
    });
    if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.exception?.description);
    return answer.result.value;
  }

  const visible = (/** @type {string} */ selector) =>
    `root.querySelector(${JSON.stringify(selector)})?.checkVisibility() ?? false`;

  return {
    evaluate,
    text: async (selector = ".card") =>
      (await evaluate(
        `return ${visible(selector)} ? root.querySelector(${JSON.stringify(selector)}).innerText.trim() : ""`,
      )) ?? "",
    isVisible: async (selector) => (await evaluate(`return ${visible(selector)}`)) ?? false,
    click: async (selector) => {
      const at = await evaluate(
        `const box = root.querySelector(${JSON.stringify(selector)}).getBoundingClientRect();
         return { x: box.x + box.width / 2, y: box.y + box.height / 2 };`,
      );
      if (at === undefined) throw new Error("the page has no card");
      await page.mouse.click(at.x, at.y);
    },
    count: () => page.evaluate(() => document.querySelectorAll("sotto-card").length),
  };
}
