// The one way out: nothing reaches the user's endpoint before the user has seen the bytes and said yes. With the real host and
// an endpoint on this machine that counts whatever reaches it.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { test as base, expect } from "./fixtures";
import { SHIPPED, type Sotto } from "./lib/browser.mjs";
import { cardOf } from "./lib/card.mjs";
import { Chat } from "./lib/chat";
import { type Endpoint, startEndpoint } from "./lib/endpoint.mjs";
import { HOST_BINARY, hasRealHost, installOwnHost } from "./lib/host.mjs";
import { selectIn } from "./lib/select";
import { Sheet } from "./lib/sheet";

/** The first answer waits for the runtime and the model to load. */
const FIRST_MS = 60_000;

const QUESTION = "Write to anna.berg@mail.example about project Falcon.";

interface Scene {
  endpoint: Endpoint;
  /** A browser with the real host, an endpoint, and the offer switched on. */
  start: (options?: { price?: boolean; passphrase?: string }) => Promise<Sotto>;
}

const test = base.extend<Scene>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern
  endpoint: async ({}, use) => {
    const endpoint = await startEndpoint();
    await use(endpoint);
    await endpoint.close();
  },
  start: async ({ launch, endpoint }, use) => {
    await use(async (options = {}) => {
      const prepare = (profile: string) => installOwnHost(profile, { endpoint: endpoint.url, ...options });
      const sotto = await launch({ prepare });
      await sotto.setSettings({ offerCloud: true });
      return sotto;
    });
  },
});

test.skip(!hasRealHost(), `no host at ${HOST_BINARY}: run scripts/build-host`);

/** Asks in the chat, and waits for the answer of this device with its offer. */
async function offered(sotto: Sotto, question = QUESTION): Promise<Chat> {
  const chat = await Chat.open(sotto);
  await chat.send(question);
  await chat.done(FIRST_MS);
  await expect(chat.page.locator(".cloud-ask")).toBeVisible();
  return chat;
}

const openSheet = (sotto: Sotto, chat: Chat) => Sheet.openedBy(sotto, () => chat.page.click(".cloud-ask"));

test("nothing is sent before yes; what is sent is what was shown; the answer has the real words", async ({
  start,
  endpoint,
}) => {
  const sotto = await start({ price: true });
  const chat = await offered(sotto);
  const local = await chat.answers.last().locator(".body").first().textContent();
  const sheet = await openSheet(sotto, chat);
  await sheet.hide("Falcon");
  expect(endpoint.connections(), "nothing but the question has happened").toBe(0);
  await expect(sheet.page.locator("#no")).toBeVisible();
  await expect(sheet.page.locator("h1")).toHaveText("Send this to Test endpoint?");
  await expect(sheet.page.locator("#to")).toContainText("on this device");
  await expect(sheet.page.locator("#cost")).toContainText("USD");
  await expect(sheet.page.locator("#why")).not.toBeEmpty();
  const shown = await sheet.text();
  await expect(sheet.page.locator("#size")).toContainText(Buffer.byteLength(shown).toLocaleString("en-US"));
  expect(shown).not.toContain("Falcon");
  expect(shown).not.toContain("anna.berg");
  await sheet.choose("once");
  await expect(chat.page.locator(".cloud-body")).toContainText("that is all.");
  expect(endpoint.asked).toHaveLength(1);
  expect(endpoint.asked[0]?.body, "byte for byte").toBe(shown);
  expect(endpoint.asked[0]?.path).toBe("/v1/chat/completions");
  await expect(chat.page.locator(".cloud-body")).toContainText("Falcon");
  await expect(chat.page.locator(".cloud-body")).toContainText("anna.berg@mail.example");
  await expect(chat.page.locator(".cloud-engine")).toHaveAttribute("data-tier", "cloud");
  expect(await chat.answers.last().locator(".body").first().textContent(), "the local answer stays").toBe(local);
  await sotto.context.close();
});

for (const how of ["the button", "Escape", "closing the window"] as const) {
  test(`no, by ${how}: nothing is sent, the local answer stays, and one may look again`, async ({
    start,
    endpoint,
  }) => {
    const sotto = await start();
    const chat = await offered(sotto);
    const sheet = await openSheet(sotto, chat);
    await expect(sheet.page.locator("#no"), "the default is no").toBeFocused();
    if (how === "the button") await sheet.choose("no");
    // The window is gone before the key comes up.
    else if (how === "Escape") await sheet.page.keyboard.press("Escape").catch(() => undefined);
    else await sheet.page.close();
    await expect(chat.page.locator(".cloud-state")).toHaveText("Nothing was sent.");
    await expect(chat.page.locator(".cloud-ask")).toBeVisible();
    await expect(chat.answers.last().locator(".body").first()).not.toBeEmpty();
    expect(endpoint.connections()).toBe(0);
    await sotto.context.close();
  });
}

test("a click that no person made agrees to nothing", async ({ start, endpoint }) => {
  const sotto = await start();
  const chat = await offered(sotto);
  // The offer itself.
  await chat.page.evaluate(() => document.querySelector<HTMLElement>(".cloud-ask")?.click());
  expect(Sheet.count(sotto)).toBe(0);
  const sheet = await openSheet(sotto, chat);
  await expect(sheet.page.locator("#once")).toBeEnabled();
  await sheet.page.evaluate(() => {
    for (const id of ["once", "allow"]) {
      const button = document.getElementById(id);
      button?.click();
      button?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
      button?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    }
  });
  await expect(sheet.page.locator("#question"), "the question still stands").toBeVisible();
  await sheet.choose("no");
  expect(endpoint.connections()).toBe(0);
  await sotto.context.close();
});

test("a yes can be given only after the sheet has been in front for a moment", async ({ start, endpoint }) => {
  const sotto = await start();
  const chat = await offered(sotto);
  const sheet = await openSheet(sotto, chat);
  await expect(sheet.page.locator("#once")).toBeEnabled();
  // Something comes over it and goes away again, as a page's own window would.
  const enabled = await sheet.page.evaluate(() => {
    dispatchEvent(new Event("blur"));
    dispatchEvent(new Event("focus"));
    return !(document.getElementById("once") as HTMLButtonElement).disabled;
  });
  expect(enabled).toBe(false);
  await sheet.choose("no");
  expect(endpoint.connections()).toBe(0);
  await sotto.context.close();
});

test("a page can neither frame nor open nor script the sheet", async ({ start, open, pages }) => {
  const sotto = await start();
  const url = `chrome-extension://${sotto.extensionId}/consent.html`;
  const page = await open("/textarea.html", { sotto });
  const framed = await page.evaluate(async (url) => {
    const frame = document.createElement("iframe");
    const loaded = new Promise((done) => frame.addEventListener("load", () => done(undefined)));
    frame.src = url;
    document.body.append(frame);
    await loaded;
    try {
      return frame.contentDocument?.body?.textContent ?? "of another origin";
    } catch {
      return "of another origin";
    }
  }, url);
  expect(framed).toBe("of another origin");
  const frames = page.frames().filter((frame) => frame.url() === url);
  expect(frames, "no frame shows the sheet").toEqual([]);
  await page.evaluate((url) => window.open(url), url);
  await page.evaluate((url) => {
    const link = document.createElement("a");
    link.href = url;
    document.body.append(link);
    link.click();
  }, url);
  expect(Sheet.count(sotto)).toBe(0);
  expect(page.url()).toContain(pages.origin);
  const manifest = JSON.parse(readFileSync(join(SHIPPED, "manifest.json"), "utf8"));
  expect(manifest.web_accessible_resources, "no page of ours can be named by a page of the web").toBeUndefined();
  expect(manifest.content_security_policy.extension_pages).toContain("frame-ancestors 'none'");
  await sotto.context.close();
});

test("taking everything back stops a stream in the middle, at once", async ({ start, endpoint }) => {
  const sotto = await start();
  const chat = await offered(sotto);
  endpoint.hold();
  await (await openSheet(sotto, chat)).choose("once");
  await expect(chat.page.locator(".cloud-body")).toContainText("From");
  const options = await openOptions(sotto);
  await options.click("#revoke-all");
  await expect(chat.page.locator(".cloud")).toHaveAttribute("aria-busy", "false");
  await expect(chat.page.locator(".cloud-state")).toContainText(/took|taken|withdr|revok/i);
  await expect.poll(() => endpoint.asked[0]?.cut, { message: "the connection was closed" }).toBe(true);
  endpoint.release();
  await expect(chat.page.locator(".cloud-body")).not.toContainText("that is all");
  await sotto.context.close();
});

test("a site that is allowed for a time is not asked about again, until that is taken back", async ({
  start,
  open,
  endpoint,
}) => {
  const sotto = await start();
  const page = await open("/article.html", { sotto });
  const card = await cardOf(page);
  const summarize = async () => {
    await selectIn(page.mainFrame(), "#article");
    await sotto.summarize(page);
    await expect.poll(() => card.isVisible(".cloud-ask"), { timeout: FIRST_MS }).toBe(true);
  };
  await summarize();
  const sheet = await Sheet.openedBy(sotto, () => card.click(".cloud-ask"));
  await expect(sheet.page.locator("#site")).toHaveText(new URL(page.url()).host);
  await sheet.choose("allow");
  await expect.poll(() => card.text(".cloud-body")).toContain("that is all.");

  await summarize();
  await card.click(".cloud-ask");
  await expect.poll(() => card.text(".cloud-body")).toContain("that is all.");
  expect(endpoint.asked).toHaveLength(2);
  expect(Sheet.count(sotto), "nobody was asked").toBe(0);

  const options = await openOptions(sotto);
  await expect(options.locator("#scopes li")).toHaveCount(1);
  await options.locator("#scopes button").click();
  await expect(options.locator("#scopes li")).toHaveCount(0);
  await page.bringToFront();
  await summarize();
  const again = await Sheet.openedBy(sotto, () => card.click(".cloud-ask"));
  await again.choose("no");
  expect(endpoint.asked).toHaveLength(2);
  await sotto.context.close();
});

test("what is found can be sent as it is, and hidden again", async ({ start, endpoint }) => {
  const sotto = await start();
  const chat = await offered(sotto);
  const sheet = await openSheet(sotto, chat);
  await sheet.hide("Falcon");
  const falcon = sheet.page.locator("#replacements li", { hasText: "Falcon" });
  await expect(falcon).toHaveCount(1);
  await expect(sheet.page.locator("#payload mark.replaced").first()).toBeVisible();
  await falcon.locator("button").click();
  await expect.poll(() => sheet.text()).toContain("Falcon");
  const address = sheet.page.locator("#replacements li", { hasText: "anna.berg" });
  await address.locator("button").click();
  await expect.poll(() => sheet.text()).toContain("anna.berg@mail.example");
  await expect(sheet.page.locator("#payload mark.lifted")).toHaveText("anna.berg@mail.example");
  await sheet.page.locator("#lifted button").click();
  await expect.poll(() => sheet.text()).not.toContain("anna.berg");
  await sheet.choose("no");
  expect(endpoint.connections()).toBe(0);
  await sotto.context.close();
});

test("with the offer switched off, in the extension or in the host, there is no offer", async ({ start, endpoint }) => {
  const sotto = await start();
  await sotto.setSettings({});
  const chat = await Chat.open(sotto);
  await chat.send(QUESTION);
  await chat.done(FIRST_MS);
  await expect(chat.page.locator(".cloud")).toBeHidden();
  await sotto.setSettings({ offerCloud: true });
  writeFileSync(join(sotto.profile, "sotto-home", "settings.json"), '{"fallback":"none"}');
  await chat.send(QUESTION);
  await chat.done(FIRST_MS);
  await expect(chat.page.locator(".cloud-ask")).toHaveCount(2);
  await expect(chat.page.locator(".cloud-ask").last()).toBeHidden();
  expect(endpoint.connections()).toBe(0);
  await sotto.context.close();
});

test("a key that is locked is opened with its passphrase, and goes to the endpoint only", async ({
  start,
  endpoint,
}) => {
  const passphrase = "four words are enough";
  const sotto = await start({ passphrase });
  const chat = await offered(sotto);
  const sheet = await openSheet(sotto, chat);
  await expect(sheet.page.locator("#key")).toBeVisible();
  await sheet.page.fill("#passphrase", "some other words");
  await sheet.page.press("#passphrase", "Enter");
  await expect(sheet.page.locator("#key-problem")).not.toBeEmpty();
  await expect(sheet.page.locator("#once")).toBeDisabled();
  await sheet.page.fill("#passphrase", passphrase);
  await sheet.page.press("#passphrase", "Enter");
  await expect(sheet.page.locator("#key")).toBeHidden();
  expect(endpoint.connections()).toBe(0);
  await sheet.choose("once");
  await expect(chat.page.locator(".cloud-body")).toContainText("that is all.");
  expect(endpoint.asked[0]?.headers.authorization).toBe("Bearer sk-test");
  await sotto.context.close();
});

test("the user's own words never go out", async ({ start, endpoint }) => {
  const sotto = await start();
  await sotto.setSettings({ offerCloud: true, ownTerms: ["Falcon"] });
  const chat = await offered(sotto);
  const sheet = await openSheet(sotto, chat);
  expect(await sheet.text()).not.toContain("Falcon");
  await sheet.choose("once");
  await expect(chat.page.locator(".cloud-body")).toContainText("Falcon");
  expect(endpoint.asked[0]?.body).not.toContain("Falcon");
  await sotto.context.close();
});

test("the toolbar's popup, which closes under the sheet, hands the chat over to the side panel", async ({
  start,
  open,
  endpoint,
}) => {
  const sotto = await start();
  const popup = await sotto.openPopup(await open("/article.html", { sotto }));
  const isThere = (selector: string) =>
    expect
      .poll(() => popup.evaluate(`document.querySelector("${selector}")?.checkVisibility() ?? false`), {
        timeout: FIRST_MS,
      })
      .toBe(true);
  await popup.click("#tab-chat");
  await isThere("#chat[data-ready] #chat-input");
  await popup.evaluate(
    `document.querySelector("#chat-input").value = ${JSON.stringify(QUESTION)};
     document.querySelector("#chat-form").requestSubmit()`,
  );
  await isThere(".cloud-ask");
  const sheet = await Sheet.openedBy(sotto, () => popup.press(".cloud-ask").catch(() => undefined));
  const shown = await sheet.text();
  await sheet.choose("once");
  const own = await sotto.controlPage();
  await expect
    .poll(() => own.evaluate(async () => JSON.stringify(await chrome.storage.session.get("chat"))))
    .toContain("that is all.");
  expect(endpoint.asked.map(({ body }) => body)).toEqual([shown]);
  await sotto.context.close();
});

async function openOptions(sotto: Sotto): Promise<Page> {
  const page = await sotto.context.newPage();
  await page.goto(`chrome-extension://${sotto.extensionId}/options.html`);
  await expect(page.locator("#cloud-endpoint")).toContainText("Test endpoint");
  return page;
}
