// Summarise selection: what is taken, the card, and that nothing else of the page is touched. With a host that answers
// by rote; the browser tier and the real host have specs of their own.

import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import type { Sotto } from "./lib/browser.mjs";
import { type Card, cardOf } from "./lib/card.mjs";
import { foreignMutations } from "./lib/field";
import { fakeHostLog, installFakeHost } from "./lib/host.mjs";
import { countReads } from "./lib/reads.mjs";
import { selectIn } from "./lib/select";

const fake = (behaviour: string) => ({ prepare: (profile: string) => installFakeHost(profile, behaviour) });

test.describe("with a host", () => {
  let sotto: Sotto;
  let page: Page;
  let card: Card;

  test.beforeEach(async ({ launch, open }, { title }) => {
    sotto = await launch(fake(title.includes("endless") ? "endless" : "answer"));
    page = await open("/article.html", { sotto });
    card = await cardOf(page);
  });

  const articleLength = () =>
    page.evaluate(() => {
      document.getSelection()?.selectAllChildren(document.querySelector("#article") as Node);
      return document.getSelection()?.toString().trim().length;
    });

  test("by the context menu: the card streams, names its engine, and closes without a trace", async () => {
    const length = await articleLength();
    await sotto.summarize(page, { menu: { frameId: 0, selectionText: "The lighthouse" } });
    await expect.poll(() => card.text(".text")).toBe(`A summary of ${length} units.`);
    await expect.poll(() => card.text(".label")).toBe("Written by fake-model: may be wrong");
    expect(await card.text("summary")).toBe("Host on this device · fake-model · fake NPU");
    expect(await card.isVisible(".details")).toBe(false);
    await card.click("summary");
    expect(await card.text(".details")).toContain("the test says so");
    expect(await card.evaluate("return root.mode")).toBe("closed");

    await card.click(".close");
    expect(await card.count()).toBe(0);
    const others = (await foreignMutations(page.mainFrame())).filter(
      ({ target, added, removed }) =>
        !(target === "html" && [...added, ...removed].every((node) => node === "sotto-card")) &&
        target !== "sotto-card",
    );
    expect(others).toEqual([]);
  });

  test("by the shortcut, and Escape closes it and gives the focus back", async () => {
    await page.focus("#field");
    await selectIn(page.mainFrame(), "#first");
    await sotto.summarize(page);
    await expect.poll(() => card.text(".text")).toContain("A summary of");
    expect(await page.evaluate(() => document.activeElement?.localName)).toBe("sotto-card");
    await page.keyboard.press("Escape");
    expect(await card.count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("field");
  });

  test("endless: stop keeps what was written, and again asks again", async () => {
    await selectIn(page.mainFrame(), "#first");
    await sotto.summarize(page);
    await expect.poll(() => card.text(".text")).toContain("A summary");
    expect(await card.text(".state")).toContain("Summarising");
    await card.click(".stop");
    await expect.poll(() => card.text(".state")).toBe("Stopped.");
    expect(await card.text(".text")).toContain("A summary");
    await expect.poll(() => fakeHostLog(sotto.profile).at(-1)?.type).toBe("cancel");
    await installFakeHost(sotto.profile, "answer");
    await card.click(".again");
    await expect.poll(() => fakeHostLog(sotto.profile).at(-1)?.type).toBe("summarize");
  });

  test("copy puts the summary on the clipboard", async () => {
    await selectIn(page.mainFrame(), "#first");
    await sotto.summarize(page);
    await expect.poll(() => card.text(".label")).not.toBe("");
    const summary = await card.text(".text");
    await card.click(".copy");
    await expect.poll(() => card.text(".state")).toBe("Copied");
    await page.keyboard.press("Escape");
    await page.fill("#field", "");
    await page.focus("#field");
    await page.keyboard.press("ControlOrMeta+v");
    await expect(page.locator("#field")).toHaveValue(summary);
  });

  test("endless: closing the card in the middle tells the host", async () => {
    await selectIn(page.mainFrame(), "#first");
    await sotto.summarize(page);
    await expect.poll(() => card.text(".text")).toContain("A summary");
    await page.keyboard.press("Escape");
    await expect.poll(() => fakeHostLog(sotto.profile).at(-1)?.type).toBe("cancel");
  });

  test("the selection of a text field and of a frame is taken", async () => {
    await page.locator("#field").selectText();
    await sotto.summarize(page);
    const { length } = await page.inputValue("#field");
    await expect.poll(() => card.text(".text")).toBe(`A summary of ${length} units.`);

    const frame = page.frame({ name: "inner" });
    if (!frame) throw new Error("the page has no frame");
    await frame.locator("#inner-text").click();
    await selectIn(frame, "#inner-text");
    await sotto.summarize(page);
    const inner = ((await frame.locator("#inner-text").textContent()) ?? "").length;
    await expect.poll(() => card.text(".text")).toBe(`A summary of ${inner} units.`);
    expect(await card.count()).toBe(1);
  });

  test("a password field is never read", async () => {
    const reads = await countReads(page, sotto.extensionId);
    await page.locator("#password").selectText();
    await sotto.summarize(page);
    await expect.poll(() => card.text(".state")).toContain("does not read it");
    expect(fakeHostLog(sotto.profile)).toEqual([]);
    expect(await reads.of("password")).toEqual({});
  });

  test("nothing selected: the card says so and asks nobody", async () => {
    await page.evaluate(() => document.getSelection()?.removeAllRanges());
    await sotto.summarize(page);
    await expect.poll(() => card.text(".state")).toBe("Select some text first.");
    expect(fakeHostLog(sotto.profile)).toEqual([]);
  });

  test("a selection over the limit is cut, and the card says so", async () => {
    await page.evaluate(() => {
      const first = document.querySelector("#first");
      if (first) first.textContent = "A sentence that is long enough. ".repeat(5_000);
    });
    await selectIn(page.mainFrame(), "#first");
    await sotto.summarize(page);
    await expect.poll(() => card.text(".text")).toBe("A summary of 140000 units.");
    expect(await card.text(".notice")).toContain("140,000");
  });

  test("the card moves by keyboard and by pointer, and stays in view", async () => {
    await selectIn(page.mainFrame(), "#first");
    await sotto.summarize(page);
    await expect.poll(() => card.text(".label")).not.toBe("");
    const at = () =>
      card.evaluate<{ x: number; y: number }>("return root.querySelector('.card').getBoundingClientRect().toJSON()");
    await card.evaluate("root.querySelector('.handle').focus()");
    const before = await at();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowUp");
    const moved = await at();
    expect(moved?.x).toBe((before?.x ?? 0) + 16);
    expect(moved?.y).toBeLessThan(before?.y ?? 0);

    const title = await card.evaluate<{ x: number; y: number }>(
      "return root.querySelector('.title').getBoundingClientRect().toJSON()",
    );
    await page.mouse.move((title?.x ?? 0) + 20, (title?.y ?? 0) + 5);
    await page.mouse.down();
    await page.mouse.move(5_000, 5_000, { steps: 4 });
    await page.mouse.up();
    const box = await card.evaluate<{ right: number; bottom: number }>(
      "return root.querySelector('.card').getBoundingClientRect().toJSON()",
    );
    expect(box?.right).toBeLessThanOrEqual(1000);
    expect(box?.bottom).toBeLessThanOrEqual(800);
  });

  test("endless: the card stays in view while it grows", async () => {
    await page.evaluate(() => window.scrollTo(0, 0));
    await selectIn(page.mainFrame(), "#article");
    await sotto.summarize(page);
    await expect.poll(async () => (await card.text(".text")).length, { timeout: 30_000 }).toBeGreaterThan(700);
    const box = await card.evaluate<{ top: number; bottom: number }>(
      "return root.querySelector('.card').getBoundingClientRect().toJSON()",
    );
    expect(box?.top).toBeGreaterThanOrEqual(0);
    expect(box?.bottom).toBeLessThanOrEqual(800);
  });

  test("above a modal dialog of the page, the card can be used", async () => {
    await page.evaluate(() => (document.querySelector("#dialog") as HTMLDialogElement).showModal());
    await selectIn(page.mainFrame(), "#dialog");
    await sotto.summarize(page, { menu: { frameId: 0, selectionText: "A modal dialog of the page." } });
    await expect.poll(() => card.text(".label")).not.toBe("");
    await card.click(".close");
    expect(await card.count()).toBe(0);
    expect(await page.evaluate(() => (document.querySelector("#dialog") as HTMLDialogElement).open)).toBe(true);
  });

  test("keys pressed in the card do not reach the page", async () => {
    await page.evaluate(() => {
      (window as unknown as { heard: string[] }).heard = [];
      document.addEventListener("keydown", (event) => (window as unknown as { heard: string[] }).heard.push(event.key));
    });
    await selectIn(page.mainFrame(), "#first");
    await sotto.summarize(page);
    await expect.poll(() => card.text(".label")).not.toBe("");
    await page.keyboard.press("j");
    await page.keyboard.press("Escape");
    expect(await page.evaluate(() => (window as unknown as { heard: string[] }).heard)).toEqual([]);
  });
});

test("no script of a page gets an answer: only the document where the user asked may", async ({ launch, open }) => {
  const sotto = await launch(fake("answer"));
  const page = await open("/article.html", { sotto });
  const own = await sotto.controlPage();
  const tabId = await sotto.tabId(page);
  // A content script of the extension, in a document where nobody asked for a summary.
  const ask = () =>
    own.evaluate(async (tabId) => {
      const [answer] = await chrome.scripting.executeScript({
        target: { tabId },
        func: async () => {
          await chrome.runtime.sendMessage({ type: "ensureEngine" });
          const port = chrome.runtime.connect({ name: "sotto.assist" });
          const types: string[] = [];
          const ask = (request: object) =>
            new Promise<void>((done) => {
              port.onMessage.addListener((event) => {
                if (event.type !== "error" && event.type !== "done") return;
                types.push(event.error?.code ?? event.type);
                done();
              });
              port.postMessage(request);
            });
          await ask({ type: "summarize", id: 1, text: "A text.", length: "short" });
          await ask({ type: "chat", id: 2, messages: [{ role: "user", text: "hi" }], page: null });
          await ask({ type: "status", id: 3 });
          port.disconnect();
          return [...new Set(types)];
        },
      });
      return answer?.result;
    }, tabId);
  expect(await ask()).toEqual(["badRequest"]);
  await selectIn(page.mainFrame(), "#first");
  await sotto.summarize(page);
  await expect.poll(async () => (await cardOf(page)).text(".label")).not.toBe("");
  expect(await ask()).toEqual(["done", "badRequest"]);
  await page.reload();
  expect(await ask()).toEqual(["badRequest"]);
});

test("the extension is reloaded under a card: it says so, and closes", async ({ launch, open }) => {
  const sotto = await launch(fake("endless"));
  const page = await open("/article.html", { sotto });
  const card = await cardOf(page);
  await selectIn(page.mainFrame(), "#first");
  await sotto.summarize(page);
  await expect.poll(() => card.text(".text")).toContain("A summary");
  const own = await sotto.controlPage();
  await own.evaluate(() => chrome.runtime.reload()).catch(() => undefined);
  await expect.poll(() => card.text(".error")).toContain("interrupted");
  expect(await card.text(".text")).toContain("A summary");
  await card.click(".again");
  await expect.poll(() => card.text(".state")).toContain("Reload the page");
  await page.keyboard.press("Escape");
  expect(await card.count()).toBe(0);
  expect(await page.evaluate(() => window.record?.errors)).toEqual([]);
});

test("a page that takes no script of an extension: the toolbar button says so", async ({ launch }) => {
  const sotto = await launch();
  const page = await sotto.context.newPage();
  await page.goto(`chrome-extension://${sotto.extensionId}/options.html?`);
  await sotto.summarize(page, { menu: { frameId: 0, selectionText: "Sotto options" } });
  const own = await sotto.controlPage();
  const tabId = await sotto.tabId(page);
  await expect.poll(() => own.evaluate((tabId) => chrome.action.getTitle({ tabId }), tabId)).toContain("cannot show");
  expect(await (await cardOf(page)).count()).toBe(0);
});

test("nothing is injected before the user asks", async ({ launch, open, pages }) => {
  const sotto = await launch();
  await sotto.setSettings({ offSites: [pages.origin] });
  const page = await open("/article.html", { sotto });
  await selectIn(page.mainFrame(), "#first");
  expect((await countReads(page, sotto.extensionId)).worlds).toBe(0);
});
