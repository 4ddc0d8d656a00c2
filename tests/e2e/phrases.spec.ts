// The phrases that the browser keeps by itself: off and explained until they are switched on, learned on named sites alone, shown
// as suggestions with their source, sealed on disk, and erased by the user.

import type { Page } from "@playwright/test";
import { expect, type Field, test } from "./fixtures";
import type { Sotto } from "./lib/browser.mjs";

/** The engine loads with the first suggestion. */
const ENGINE_MS = 60_000;

/** Nothing that a model would think of. */
const SENTENCE = "The zebra keeper of Lundy counts puffins.";
const BEGINNING = "The zebra kee";
const REST = "per of Lundy counts puffins.";
const ELSEWHERE = "The walrus painter of Skye collects buttons.";

async function options(sotto: Sotto): Promise<Page> {
  const page = await sotto.context.newPage();
  await page.goto(`chrome-extension://${sotto.extensionId}/options.html`);
  return page;
}

async function switchOn(sotto: Sotto, site: string): Promise<Page> {
  const page = await options(sotto);
  await page.click("#phrases");
  await page.click("#phrases-agree");
  await page.fill("#phrase-site", site);
  await page.click("#phrase-site-add button");
  await expect(page.locator("#phrase-sites li")).toContainText([site]);
  return page;
}

/** Writes as a user does, and leaves the field once the engine has answered: by then the page knows whether it is kept. */
async function write(page: Page, field: Field, text: string): Promise<void> {
  await field.focus();
  await field.write(text);
  await field.answer(ENGINE_MS);
  await page.click("#after");
}

async function listed(page: Page, query = ""): Promise<string[]> {
  await page.bringToFront();
  await page.fill("#phrase-query", query);
  await page.click("#phrase-search button");
  return page.locator("#phrase-list li").allTextContents();
}

/** What the browser's database holds, as bytes and flags. */
function stored(page: Page): Promise<{ text: string; isExtractable: boolean | null }> {
  return page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open("sotto-phrases");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const all = opening.result.transaction("parts").objectStore("parts").getAll();
          all.onerror = () => reject(all.error);
          all.onsuccess = () => {
            const parts: { key?: CryptoKey; data?: ArrayBuffer }[] = all.result;
            opening.result.close();
            resolve({
              text: parts.map(({ data }) => (data ? new TextDecoder("latin1").decode(data) : "")).join(""),
              isExtractable: parts.find(({ key }) => key)?.key?.extractable ?? null,
            });
          };
        };
      }),
  );
}

test("they are off, and explained before they are on", async ({ launch }) => {
  const sotto = await launch();
  const page = await options(sotto);
  await expect(page.locator("#phrases")).not.toBeChecked();
  await expect(page.locator("#phrases-open")).toBeHidden();
  await page.click("#phrases");
  await expect(page.locator("#phrases"), "reading comes first").not.toBeChecked();
  await expect(page.locator("#phrases-explained")).toContainText("Never: fields for passwords");
  await page.click("#phrases-not-now");
  expect((await sotto.settings()).phrases ?? false).toBe(false);
  await sotto.context.close();
});

test("what was written twice on a named site completes what is typed there, and is the user's to see and to erase", async ({
  launch,
  open,
  field,
  pages,
}) => {
  test.setTimeout(240_000);
  const sotto = await launch();
  const page = await switchOn(sotto, pages.origin);

  for (const text of [SENTENCE, `Hello there, how are you? ${SENTENCE}`]) {
    const named = await open("/textarea.html", { sotto });
    await write(named, field(named, {}, sotto), text);
  }
  const other = await open("/textarea.html", { sotto, origin: pages.otherOrigin });
  await write(other, field(other, {}, sotto), ELSEWHERE);
  const password = await open("/password.html", { sotto });
  await field(password, {}, sotto).focus();
  await password.keyboard.insertText("The secret word of my bank account is hidden.");
  await password.click("#allowed");

  await expect.poll(() => listed(page)).toHaveLength(2);
  expect((await listed(page, "LUNDY")).join()).toContain("2 times");
  expect((await listed(page)).join()).not.toMatch(/walrus|secret/);
  const { text, isExtractable } = await stored(page);
  expect(isExtractable).toBe(false);
  expect(text.length).toBeGreaterThan(0);
  expect(text).not.toMatch(/zebra|Lundy|localhost/);

  // Also by the next engine, which reads them from where they are stored.
  await sotto.kill("engine");
  const named = await open("/textarea.html", { sotto });
  const typed = field(named, {}, sotto);
  await typed.focus();
  await typed.write("Hello.");
  await typed.answer(ENGINE_MS);
  await typed.replace("");
  await typed.write(BEGINNING);
  expect(await typed.ghost(ENGINE_MS)).toBe(REST);
  expect((await typed.inspect())?.source).toBe("phrases");
  const popup = await sotto.openPopup(named);
  await expect.poll(() => popup.text()).toContain("from your phrases");
  await popup.close();
  await named.bringToFront();
  await typed.replace("");
  await typed.write(BEGINNING);
  expect(await typed.ghost(ENGINE_MS)).toBe(REST);
  await typed.press("Tab");
  await typed.holds(SENTENCE);

  // Not where it is not named.
  const elsewhere = field(await open("/textarea.html", { sotto, origin: pages.otherOrigin }), {}, sotto);
  await elsewhere.focus();
  await elsewhere.write(BEGINNING);
  await elsewhere.answer(ENGINE_MS);
  expect((await elsewhere.inspect())?.source ?? "model").toBe("model");

  await expect.poll(() => listed(page, "Lundy")).toHaveLength(1);
  await page.click("#phrase-list li button");
  await expect.poll(() => listed(page, "Lundy")).toHaveLength(0);
  await named.bringToFront();
  await typed.replace("");
  await typed.write(BEGINNING);
  await typed.answer(ENGINE_MS);
  expect((await typed.inspect())?.text ?? "").not.toContain("Lundy");

  await page.bringToFront();
  await page.click("#phrases-erase");
  await expect(page.locator("#phrases-state")).toContainText("All phrases are erased");
  expect(await page.evaluate(() => indexedDB.databases())).toEqual([]);
  await sotto.context.close();
});
