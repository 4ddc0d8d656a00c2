// Texts taken from one device to another in a file that only a passphrase opens, with two real hosts; and every file that is
// none.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import type { Sotto } from "./lib/browser.mjs";
import { HOST_BINARY, hasRealHost, hostCommand, installOwnHost } from "./lib/host.mjs";

test.skip(!hasRealHost(), `no host at ${HOST_BINARY}: run scripts/build-host`);

const PASSPHRASE = "a long passphrase of a test";
const OF_FILE = "another passphrase for the file";

/** The host opens its store, and passphrases take a second each on purpose. */
const HOST_MS = 60_000;

const TEXTS = ["The lighthouse keeper wrote this.", "And the ferry left at noon."];

/** A device on which personalisation is on, with the key in a file, and some texts. */
function deviceWith(texts: readonly string[]) {
  return async (profile: string): Promise<void> => {
    await installOwnHost(profile);
    hostCommand(profile, ["personal", "on", "--file", "--yes"], `${PASSPHRASE}\n${PASSPHRASE}\n`);
    for (const [at, text] of texts.entries()) {
      const file = join(profile, `${at}.txt`);
      await writeFile(file, text);
      hostCommand(profile, ["personal", "add", file], `${PASSPHRASE}\n`);
    }
  };
}

async function openOptions(sotto: Sotto): Promise<Page> {
  const page = await sotto.context.newPage();
  await page.goto(`chrome-extension://${sotto.extensionId}/options.html`);
  await page.click("#personal");
  await page.click("#personal-agree");
  await expect(page.locator("#personal-file-note")).toContainText("five minutes without work", { timeout: HOST_MS });
  await page.fill("#personal-passphrase", PASSPHRASE);
  await page.press("#personal-passphrase", "Enter");
  await expect(page.locator("#personal-open")).toBeVisible({ timeout: HOST_MS });
  return page;
}

async function importFile(page: Page, name: string, bytes: Buffer, passphrase: string): Promise<void> {
  await page.setInputFiles("#import-file", { name, mimeType: "application/octet-stream", buffer: bytes });
  await page.fill("#import-passphrase", passphrase);
  await page.click("#import-now");
}

test("texts go to another device, sealed; what is wrong with a file is a sentence, and costs nothing", async ({
  launch,
}) => {
  test.setTimeout(300_000);
  const here = await launch({ prepare: deviceWith(TEXTS) });
  const first = await openOptions(here);
  await expect(first.locator("#train-last")).toContainText("It has not learned yet.");
  await first.fill("#export-passphrase", OF_FILE);
  await first.fill("#export-again", `${OF_FILE}!`);
  await first.click("#export-now");
  await expect(first.locator("#transfer-problem")).toContainText("entered the same twice");
  await first.fill("#export-passphrase", OF_FILE);
  await first.fill("#export-again", OF_FILE);
  const [download] = await Promise.all([first.waitForEvent("download"), first.click("#export-now")]);
  expect(download.suggestedFilename()).toBe("sotto-texts.age");
  const saved = join(here.profile, "texts.age");
  await download.saveAs(saved);
  const file = await readFile(saved);
  expect(file.subarray(0, 21).toString()).toBe("age-encryption.org/v1");
  expect(file.includes("lighthouse")).toBe(false);
  await expect(first.locator("#transfer-state")).toContainText("downloads");
  await here.context.close();

  const there = await launch({ prepare: deviceWith(TEXTS.slice(1)) });
  const page = await openOptions(there);
  const problem = page.locator("#transfer-problem");
  await page.click("#import-now");
  await expect(problem).toContainText("Choose a file first");
  await importFile(page, "x.age", file, "no such passphrase");
  await expect(problem).toContainText("does not open with this passphrase", { timeout: HOST_MS });
  const altered = Buffer.from(file);
  altered[altered.length - 1] = (altered[altered.length - 1] ?? 0) ^ 1;
  await importFile(page, "x.age", altered, OF_FILE);
  await expect(problem).toContainText("damaged", { timeout: HOST_MS });
  await importFile(page, "x.age", Buffer.from("A letter to a friend."), OF_FILE);
  await expect(problem).toContainText("no export", { timeout: HOST_MS });
  await importFile(page, "x.age", Buffer.alloc(33 * 2 ** 20), OF_FILE);
  await expect(problem).toContainText("larger than any export");
  await expect(page.locator("#personal-state")).toContainText("1 texts");

  await importFile(page, "x.age", file, OF_FILE);
  await expect(page.locator("#transfer-state")).toContainText("1 texts are kept now; 1 were here already", {
    timeout: HOST_MS,
  });
  await expect(problem).toBeEmpty();
  await expect(page.locator("#kept li")).toHaveCount(2, { timeout: HOST_MS });
  await expect(page.locator("#kept")).toContainText("lighthouse");
  await there.context.close();
});
