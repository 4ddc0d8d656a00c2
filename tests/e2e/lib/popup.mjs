// The extension's real popup, opened over a tab and driven through the browser's debugging protocol.
//
// Playwright has no page for it, and popup.html in a tab of its own would take itself for the tab it is about.

/**
 * @typedef {object} Popup
 * @property {() => Promise<string>} text                     what the user can read
 * @property {(selector: string) => Promise<void>} click
 * @property {(selector: string) => Promise<void>} press      a click with the mouse, as only a person can make it
 * @property {<T>(expression: string) => Promise<T>} evaluate  in the popup's document
 * @property {() => Promise<void>} close
 */

/**
 * @param {import("@playwright/test").CDPSession} session of the whole browser
 * @param {string} url
 * @param {() => Promise<unknown>} open asks the browser to open it
 * @returns {Promise<Popup>}
 */
export async function openPopup(session, url, open) {
  await open();
  const deadline = Date.now() + 10_000;
  /** @type {{targetId: string} | undefined} */
  let target;
  while (target === undefined) {
    if (Date.now() > deadline) throw new Error("the popup did not open");
    const { targetInfos } = await session.send("Target.getTargets");
    target = targetInfos.find((info) => info.type === "page" && info.url === url);
  }
  const { targetId } = target;
  // Not flattened: Playwright's session hands on only messages of its own, so these travel inside it.
  const { sessionId } = await session.send("Target.attachToTarget", { targetId, flatten: false });
  let lastId = 0;

  /** @param {string} method @param {object} params @returns {Promise<any>} */
  function send(method, params) {
    const id = ++lastId;
    return new Promise((done, failed) => {
      /** @param {{sessionId: string, message: string}} event */
      const listener = (event) => {
        if (event.sessionId !== sessionId) return;
        const answer = JSON.parse(event.message);
        if (answer.id !== id) return;
        session.off("Target.receivedMessageFromTarget", listener);
        if (answer.error) failed(new Error(answer.error.message));
        else done(answer.result);
      };
      session.on("Target.receivedMessageFromTarget", listener);
      session
        .send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method, params }) })
        .catch(failed);
    });
  }

  /** @param {string} expression @returns {Promise<any>} */
  async function evaluate(expression) {
    const { result, exceptionDetails } = await send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  return {
    text: () => evaluate("document.body?.innerText ?? ''"),
    evaluate,
    click: (selector) =>
      evaluate(`(() => {
        const element = document.querySelector(${JSON.stringify(selector)});
        if (!element) throw new Error("the popup has no " + ${JSON.stringify(selector)});
        element.click();
      })()`),
    press: async (selector) => {
      const at = await evaluate(`(() => {
        const box = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect();
        return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
      })()`);
      for (const type of ["mousePressed", "mouseReleased"]) {
        await send("Input.dispatchMouseEvent", { type, ...at, button: "left", clickCount: 1 });
      }
    },
    close: async () => {
      await session.send("Target.closeTarget", { targetId });
    },
  };
}
