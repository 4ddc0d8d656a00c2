// Personalisation with the real host: explained and off until it is switched on, then texts of named sites and of no others,
// read, searched, learned from, and erased. Test machines have no keyring, so the key is in a file that a passphrase opens.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, type Field, test } from "./fixtures";
import type { Sotto } from "./lib/browser.mjs";
import { HOST_BINARY, hasRealHost, hostCommand, installOwnHost } from "./lib/host.mjs";
import { putCandidate } from "./lib/release.mjs";

test.skip(!hasRealHost(), `no host at ${HOST_BINARY}: run scripts/build-host`);

const PASSPHRASE = "a long passphrase of a test";

/** The host opens its store, and the file with the key takes a second on purpose. */
const HOST_MS = 60_000;

/** Training takes minutes on a busy machine. */
const TRAIN_MS = 480_000;

const KEPT = "The lighthouse keeper wrote this sentence, and it is long enough to be kept.";
const ELSEWHERE = "This sentence was written on a site that nobody named, so it must not be kept.";
const SECRET = "correct horse battery staple and some more words of a secret";

/** Switched on with the key in a file, as a user does on a machine without a keyring. */
async function prepare(profile: string): Promise<void> {
  await installOwnHost(profile);
  hostCommand(profile, ["personal", "on", "--file", "--yes"], `${PASSPHRASE}\n${PASSPHRASE}\n`);
}

async function options(sotto: Sotto): Promise<Page> {
  const page = await sotto.context.newPage();
  await page.goto(`chrome-extension://${sotto.extensionId}/options.html`);
  return page;
}

async function switchOn(sotto: Sotto): Promise<Page> {
  const page = await options(sotto);
  await page.click("#personal");
  await page.click("#personal-agree");
  await expect(page.locator("#personal-unlock")).toBeVisible({ timeout: HOST_MS });
  await page.fill("#personal-passphrase", PASSPHRASE);
  await page.press("#personal-passphrase", "Enter");
  await expect(page.locator("#personal-open")).toBeVisible({ timeout: HOST_MS });
  return page;
}

async function nameSite(page: Page, site: string): Promise<void> {
  await page.fill("#named-site", site);
  await page.click("#named-add button");
  await expect(page.locator("#named li")).toContainText([site], { timeout: HOST_MS });
}

/** Writes as a user does, once the engine has answered: by then it has told the page whether its texts are kept. */
async function write(field: Field, text: string): Promise<void> {
  await field.focus();
  await field.write(text);
  await field.answer(HOST_MS);
}

/** What the options list for a search. */
async function texts(page: Page, query: string): Promise<string[]> {
  await page.fill("#kept-query", query);
  await page.click("#kept-search button");
  return page.locator("#kept li").allTextContents();
}

test("it is off, explained before it is on, and no host is started until then", async ({ launch }) => {
  const sotto = await launch({ prepare });
  const page = await options(sotto);
  await expect(page.locator("#personal")).not.toBeChecked();
  await expect(page.locator("#personal-explained")).toBeHidden();
  await expect(page.locator("#personal-open")).toBeHidden();
  await page.click("#personal");
  await expect(page.locator("#personal"), "reading comes first").not.toBeChecked();
  await expect(page.locator("#personal-explained")).toContainText("An adapter can repeat what it learned");
  await page.click("#personal-not-now");
  await expect(page.locator("#personal-explained")).toBeHidden();
  expect((await sotto.settings()).personal ?? false).toBe(false);
  await sotto.context.close();
});

test("what is written on a named site is listed, what is written elsewhere or is secret never is", async ({
  launch,
  open,
  field,
  pages,
}) => {
  test.setTimeout(240_000);
  const sotto = await launch({ prepare });
  const page = await switchOn(sotto);
  await nameSite(page, pages.origin);
  expect(JSON.stringify(await sotto.settings()), "sites are sealed on the host").not.toContain(pages.origin);

  const other = await open("/textarea.html", { sotto, origin: pages.otherOrigin });
  await write(field(other, {}, sotto), ELSEWHERE);
  await other.click("#after");

  const password = await open("/password.html", { sotto });
  await field(password, {}, sotto).focus();
  await password.keyboard.insertText(SECRET);
  await password.click("#show");
  await field(password, {}, sotto).focus();
  await password.keyboard.insertText(" and its end");
  await password.click("#allowed");

  const named = await open("/textarea.html", { sotto });
  await write(field(named, {}, sotto), KEPT);
  await named.click("#after");

  await page.bringToFront();
  await expect.poll(() => texts(page, ""), { timeout: HOST_MS }).toHaveLength(1);
  const [only = ""] = await texts(page, "");
  expect(only).toContain(KEPT);
  expect(only).toContain(pages.origin);

  // One search finds it, another does not; then it is erased.
  await expect.poll(() => texts(page, "LIGHTHOUSE")).toHaveLength(1);
  await expect.poll(() => texts(page, "nowhere in it")).toHaveLength(0);
  await expect.poll(() => texts(page, "")).toHaveLength(1);
  await page.click("#kept li button");
  await expect(page.locator("#kept li")).toHaveCount(0, { timeout: HOST_MS });
  await expect(page.locator("#personal-state")).toContainText("0 texts", { timeout: HOST_MS });

  // A site that is taken back is a site like all others, at once.
  await page.click("#named li button");
  await expect(page.locator("#named li")).toHaveCount(0, { timeout: HOST_MS });
  await named.bringToFront();
  await write(field(named, {}, sotto), " And this went on after the site was taken back.");
  await named.click("#after");
  await page.bringToFront();
  await expect.poll(() => texts(page, "")).toHaveLength(0);
  await sotto.context.close();
});

/** Text of the user's in one voice, enough to learn from. */
async function addOwnText(profile: string, paragraphs: number): Promise<void> {
  const file = join(profile, "mine.txt");
  const paragraph = (at: number) =>
    `On day ${at} the keeper of the lighthouse climbed the ${at + 3} stairs again, lit the lamp, and wrote into the ` +
    `book that the wind had turned to the north, that ${at % 7} ships had passed, and that all was well.`;
  await writeFile(file, Array.from({ length: paragraphs }, (_, at) => paragraph(at)).join("\n\n"));
  hostCommand(profile, ["personal", "add", file], `${PASSPHRASE}\n`);
}

test("what is learned is for the model that the browser uses, also after it took another one over", async ({
  launch,
  open,
  field,
  pages,
}) => {
  test.setTimeout(TRAIN_MS + 120_000);
  const sotto = await launch({
    prepare: async (profile) => {
      await prepare(profile);
      await putCandidate(profile, 900);
      await addOwnText(profile, 40);
    },
  });
  const page = await switchOn(sotto);
  await nameSite(page, pages.origin);
  await page.click("#packs-look");
  await page.click("#packs-take");
  await expect(page.locator("#packs-now")).toContainText("version 900, taken over", { timeout: HOST_MS });
  await page.click("#train-now");
  await expect(page.locator("#train-state")).toHaveText(/better on your newest texts. It is used/, {
    timeout: TRAIN_MS,
  });
  const named = await open("/textarea.html", { sotto });
  await write(field(named, {}, sotto), "On day 7 the keeper of the lighthouse climbed");
  // The engine took it: an adapter for another model would be refused with a reason.
  await page.bringToFront();
  const adapterLoads = async () => {
    await page.click("#refresh-figures");
    return page.locator("#versions-table tbody tr").filter({ hasText: "adapter" }).count();
  };
  await expect.poll(adapterLoads, { timeout: HOST_MS }).toBe(1);
  await expect(page.locator("#adapters-problem")).toBeEmpty();
  await expect(page.locator("#verification-table")).toHaveText("none");
  await sotto.context.close();
});

test("learning shows its steps and makes an adapter, or says why not; then everything is erased", async ({
  launch,
  open,
  field,
  pages,
}) => {
  test.setTimeout(TRAIN_MS + 120_000);
  const sotto = await launch({
    prepare: async (profile) => {
      await prepare(profile);
      await addOwnText(profile, 120);
    },
  });
  const page = await switchOn(sotto);
  await nameSite(page, pages.origin);
  await page.click("#train-now");
  const state = page.locator("#train-state");
  await expect(page.locator("#train-progress")).toBeVisible({ timeout: TRAIN_MS });
  await expect(state).toHaveText(/^Learning: step \d+ of \d+$/);
  await page.click("#train-stop");
  await expect(state).toContainText("goes on from here");
  await expect(page.locator("#train-now")).toHaveText("Go on learning", { timeout: HOST_MS });
  await page.click("#train-now");
  await expect(state).toHaveText(/^Done: /, { timeout: TRAIN_MS });
  if ((await state.textContent())?.includes("better on your newest texts. It is used")) {
    await expect(page.locator("#adapters li")).toContainText("mine", { timeout: HOST_MS });
    expect((await sotto.settings()).adapterInUse).toBe("mine");
    // The worker takes it, or the page says why not; suggestions go on either way.
    const named = await open("/textarea.html", { sotto });
    await write(field(named, {}, sotto), "On day 7 the keeper of the lighthouse climbed");
    await page.bringToFront();
    await page.reload();
    await expect(page.locator("#adapters li")).toContainText("In use", { timeout: HOST_MS });
    // It goes out under a passphrase, and comes in under another name.
    await page.selectOption("#export-what", "mine");
    await page.fill("#export-passphrase", PASSPHRASE);
    await page.fill("#export-again", PASSPHRASE);
    const [saved] = await Promise.all([page.waitForEvent("download"), page.click("#export-now")]);
    expect(saved.suggestedFilename()).toBe("sotto-mine.age");
    await page.setInputFiles("#import-file", await saved.path());
    await page.fill("#import-name", "again");
    await page.fill("#import-passphrase", PASSPHRASE);
    await page.click("#import-now");
    await expect(page.locator("#transfer-state")).toHaveText("The adapter again is here.", { timeout: HOST_MS });
    await expect(page.locator("#adapters li")).toHaveCount(2, { timeout: HOST_MS });
  } else {
    await expect(page.locator("#adapters-none")).toBeVisible();
  }

  await page.click("#personal-erase");
  await page.click("#personal-erase-yes");
  await expect(page.locator("#personal-state")).toHaveText("Everything is erased.", { timeout: HOST_MS });
  await expect(page.locator("#personal")).not.toBeChecked();
  await expect(page.locator("#personal-open")).toBeHidden();
  const { personal, adapterInUse } = await sotto.settings();
  expect([personal, adapterInUse]).toEqual([false, null]);
  await sotto.context.close();
  expect(hostCommand(sotto.profile, ["personal", "status"])).not.toMatch(/\bmine\b/);
});
