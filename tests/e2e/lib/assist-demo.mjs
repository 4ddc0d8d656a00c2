// The demo's summary and its question in the chat, as a user would ask for them, with what the report says of each.

import { cardOf } from "./card.mjs";

/** The first answer waits for a host and its model, or for the model in the browser. */
const ANSWER_MS = 120_000;

const QUESTION = "What is a lighthouse for?";

/**
 * @param {import("./browser.mjs").Sotto} sotto
 * @param {string} origin of the pages
 * @returns {Promise<{ok: boolean, engine: string, kind: string, device: string, ms: number}>}
 */
export async function demonstrateSummary(sotto, origin) {
  const page = await sotto.context.newPage();
  await page.goto(`${origin}/article.html`);
  await page.evaluate(() =>
    document.getSelection()?.selectAllChildren(/** @type {Node} */ (document.querySelector("#article"))),
  );
  const card = await cardOf(page);
  const startMs = performance.now();
  await sotto.summarize(page, { menu: { frameId: 0, selectionText: "" } });
  await until(async () => (await card.text(".label")) !== "" || (await card.text(".error")) !== "");
  const ms = Math.round(performance.now() - startMs);
  const facts = (await card.evaluate("return { ...root.querySelector('.footer details').dataset }")) ?? {};
  const ok = (await card.text(".label")) !== "" && (await card.text(".text")) !== "";
  if (!ok) console.error(`the card says: ${await card.text(".error")}`);
  await page.close();
  return { ok, engine: engineOf(facts), kind: facts.kind ?? "", device: facts.device ?? "", ms };
}

/**
 * @param {import("./browser.mjs").Sotto} sotto
 * @returns {Promise<{ok: boolean, engine: string, firstTokenMs: number, tokensPerS: number}>}
 */
export async function demonstrateChat(sotto) {
  const page = await sotto.context.newPage();
  await page.goto(`chrome-extension://${sotto.extensionId}/popup.html`);
  await page.click("#tab-chat");
  await page.locator("#chat[data-ready]").waitFor();
  await page.fill("#chat-input", QUESTION);
  await page.press("#chat-input", "Enter");
  const answer = page.locator(".message.assistant").last();
  await until(async () => (await answer.getAttribute("aria-busy")) === "false");
  const engine = answer.locator(".engine");
  const done = (await engine.count()) > 0;
  const facts = done ? await engine.evaluate((element) => ({ .../** @type {HTMLElement} */ (element).dataset })) : {};
  const ok = done && ((await answer.locator(".body").textContent()) ?? "").trim() !== "";
  if (!ok) console.error(`the chat says: ${await answer.locator(".problem").textContent()}`);
  await page.close();
  const figure = (/** @type {string | undefined} */ text) => Math.round(Number(text ?? 0) * 10) / 10;
  return {
    ok,
    engine: engineOf(facts),
    firstTokenMs: figure(facts.firstTokenMs),
    tokensPerS: figure(facts.tokensPerS),
  };
}

/** @param {Record<string, string | undefined>} facts @returns {string} as in "host sotto-base" */
function engineOf({ tier, model }) {
  return [tier, model].filter(Boolean).join(" ");
}

/** @param {() => Promise<boolean>} condition */
async function until(condition) {
  const deadline = performance.now() + ANSWER_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) return;
    await new Promise((done) => setTimeout(done, 50));
  }
}
