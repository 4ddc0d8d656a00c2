// What is counted on this device, and deleting everything.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import type { Sotto } from "./lib/browser.mjs";
import { Chat } from "./lib/chat";
import { startEndpoint } from "./lib/endpoint.mjs";
import { HOST_BINARY, hasRealHost, hostCommand, installOwnHost, ownHome } from "./lib/host.mjs";
import { Sheet } from "./lib/sheet";

const FIRST_MS = 60_000;

async function openOptions(sotto: Sotto): Promise<Page> {
  const page = await sotto.context.newPage();
  await page.goto(`chrome-extension://${sotto.extensionId}/options.html`);
  return page;
}

/** The number beside a name of the options page's list. */
async function figure(page: Page, name: string): Promise<number> {
  return Number(await page.locator(`#suggestion-figures dt:text-is("${name}") + dd`).textContent());
}

test("suggestions are counted as they are shown, accepted and held back", async ({ launch, open, field, prompt }) => {
  const sotto = await launch();
  const options = await openOptions(sotto);
  await expect(options.locator("#figures-none")).toBeVisible();
  const page = await open("/textarea.html", { sotto });
  const typed = field(page, {}, sotto);
  await typed.replace(prompt.text);
  await typed.ghost(FIRST_MS);
  await page.keyboard.press("Tab");
  await expect(typed.locator).toHaveValue(prompt.text + prompt.suggestion);
  // Leaving the field ends what was accepted in it.
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await expect
    .poll(async () => {
      await options.click("#refresh-figures");
      return (await options.locator("#figures").isVisible()) ? figure(options, "accepted") : 0;
    })
    .toBe(1);
  expect(await figure(options, "Suggestions shown")).toBeGreaterThan(0);
  expect(await figure(options, "words accepted (at most eight of each)")).toBe(
    Math.min(8, prompt.suggestion.trim().split(/\s+/).length),
  );
  await expect(options.locator("#latency-table tbody tr")).toContainText(["autocomplete · browser"]);
  await expect(options.locator("#latency-chart canvas")).toBeVisible();
  const { version } = (await sotto.engineStatus()).engine;
  await expect(options.locator("#versions-table tbody tr")).toContainText([`browserModel${version}1`]);
  await expect(options.locator("#verification-table")).toHaveText("none");

  // What is stored is words of closed sets and numbers: nothing that was typed, no address of a page.
  const stored = await options.evaluate(() => JSON.stringify({ ...localStorage }));
  for (const secret of [prompt.text.trim(), prompt.suggestion.trim(), "127.0.0.1", "localhost", "textarea"]) {
    expect(stored).not.toContain(secret);
  }
  await sotto.context.close();
});

test("an export has every count with noise, and says how much", async ({ launch }) => {
  const sotto = await launch();
  const options = await openOptions(sotto);
  const exported = async () => {
    const [download] = await Promise.all([options.waitForEvent("download"), options.click("#export-figures")]);
    return JSON.parse(readFileSync(await download.path(), "utf8"));
  };
  const first = await exported();
  expect(first.epsilon).toEqual({ numerator: 1, denominator: 1 });
  expect(first.counts.length).toBeGreaterThan(100);
  // Nothing was counted: what is there is noise. A hundred counts without any have a chance of 1 in 10^100.
  expect(first.counts.some(({ count }: { count: number }) => count !== 0)).toBe(true);
  expect((await exported()).counts).not.toEqual(first.counts);
  await expect(options.locator("#figures-state")).toContainText("ε = 1");
  await sotto.context.close();
});

test("delete everything: nothing of the user is left, in the extension or in the host", async ({ launch }) => {
  test.skip(!hasRealHost(), `no host at ${HOST_BINARY}: run scripts/build-host`);
  const endpoint = await startEndpoint();
  const sotto = await launch({ prepare: (profile) => installOwnHost(profile, { endpoint: endpoint.url }) });
  await sotto.setSettings({ offerCloud: true, keepChats: true, offSites: ["https://secret-site.example"] });
  const chat = await Chat.open(sotto);
  await chat.send("My word is Rumpelstiltskin.");
  await chat.done(FIRST_MS);
  const sheet = await Sheet.openedBy(sotto, () => chat.page.click(".cloud-ask"));
  await sheet.choose("once");
  await expect(chat.page.locator(".cloud-body")).toContainText("that is all.");
  await chat.page.close();
  await endpoint.close();

  const own = ["Rumpelstiltskin", "secret-site", "far-model"];
  const options = await openOptions(sotto);
  await options.click("#audit-show");
  await expect(options.locator("#audit-table tbody tr").first()).toBeVisible();
  await options.click("#audit-verify");
  await expect(options.locator("#audit-state")).toContainText("nothing is missing");
  await expect(options.locator("#figures")).toBeVisible();
  await options.click("#phrases");
  await options.click("#phrases-agree");
  await options.fill("#phrase-site", "https://secret-site.example");
  await options.click("#phrase-site-add button");
  await expect(options.locator("#phrase-sites li")).toHaveCount(1);
  expect(own.filter((word) => filesWith(ownHome(sotto.profile), word).length > 0)).toEqual(["far-model"]);

  // Changing one's mind deletes nothing.
  await options.click("#delete-everything");
  await expect(options.locator("#delete-no")).toBeFocused();
  await options.click("#delete-no");
  expect((await sotto.settings()).keepChats).toBe(true);
  await options.click("#delete-everything");
  await options.click("#delete-yes");
  await expect(options.locator("#delete-state")).toHaveText("Everything was deleted.", { timeout: 30_000 });

  const left = await options.evaluate(async () => ({
    local: await chrome.storage.local.get(null),
    session: Object.keys(await chrome.storage.session.get(null)).filter((key) => key !== "engineFailed"),
    page: { ...localStorage },
    databases: await indexedDB.databases(),
  }));
  expect(left).toEqual({ local: {}, session: [], page: {}, databases: [] });
  await options.click("#refresh-figures");
  await expect(options.locator("#figures-none")).toBeVisible();
  expect(own.filter((word) => filesWith(ownHome(sotto.profile), word).length > 0)).toEqual([]);
  expect(existsSync(join(ownHome(sotto.profile), "cloud.json"))).toBe(false);
  expect(hostCommand(sotto.profile, ["audit", "verify"])).toMatch(/\b0 records|no records|nothing/i);
  await sotto.context.close();
});

/** Files below a folder that hold a word; the text of databases included. */
function filesWith(folder: string, word: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(word));
}
