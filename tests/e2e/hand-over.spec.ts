// A newer model on its way from the real host into the browser: offered with its size, taken over on a click, verified, and
// put in place while the one from before answers. Whatever goes wrong, a model answers.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { ROOT, type Sotto } from "./lib/browser.mjs";
import { HOST_BINARY, hasRealHost, installOwnHost } from "./lib/host.mjs";
import type { OpenPack } from "./lib/pack-variants.mjs";
import { putCandidate } from "./lib/release.mjs";

test.skip(!hasRealHost(), `no host at ${HOST_BINARY}: run scripts/build-host`);

const VERSION = 900;

/** A host to which updates brought the shipped model under a newer version. */
function hostWith(change: (pack: OpenPack) => void = () => undefined) {
  return async (profile: string): Promise<void> => {
    await installOwnHost(profile);
    await putCandidate(profile, VERSION, change);
  };
}

/** What is fetched: the tokenizer and the configuration are the packaged ones. */
async function weightsMB(): Promise<string> {
  const manifest = JSON.parse(await readFile(join(ROOT, "models/packs/sotto-nano/manifest.json"), "utf8"));
  const weights = manifest.blobs.find((blob: { role: string }) => blob.role === "weights");
  return (weights.bytes / 1e6).toFixed(1);
}

async function options(sotto: Sotto): Promise<Page> {
  const page = await sotto.context.newPage();
  await page.goto(`chrome-extension://${sotto.extensionId}/options.html`);
  await expect(page.locator("#packs-now")).not.toBeEmpty();
  return page;
}

async function versionInUse(sotto: Sotto): Promise<number> {
  return (await sotto.engineStatus()).engine?.version;
}

test("a newer model is offered with its size, taken over on a click, and used from then on", async ({
  launch,
  open,
  field,
  prompt,
}) => {
  const sotto = await launch({ prepare: hostWith() });
  const page = await options(sotto);
  await expect(page.locator("#packs-now")).toContainText("came with the extension");
  await page.click("#packs-look");
  await expect(page.locator("#packs-take")).toContainText(`version ${VERSION} (${await weightsMB()} MB)`);
  await page.click("#packs-take");
  await expect(page.locator("#packs-now")).toContainText(`version ${VERSION}, taken over`, { timeout: 60_000 });
  expect(await versionInUse(sotto)).toBe(VERSION);
  const text = await open("/textarea.html", { sotto });
  const typed = field(text, {}, sotto);
  await typed.focus();
  await typed.write(prompt.text);
  expect(await typed.ghost(60_000)).toBe(prompt.suggestion);
  // Also by the next engine, which reads it from where it was stored.
  await sotto.kill("engine");
  const again = field(await open("/textarea.html", { sotto }), {}, sotto);
  await again.focus();
  await again.write(prompt.text);
  expect(await again.ghost(60_000)).toBe(prompt.suggestion);
  expect(await versionInUse(sotto)).toBe(VERSION);
  await page.reload();
  await page.click("#packs-drop");
  await expect(page.locator("#packs-now")).toContainText("came with the extension", { timeout: 60_000 });
  expect(await versionInUse(sotto)).toBeLessThan(VERSION);
});

test("a newer model that gives another answer than it should is not used, and one is told why", async ({
  launch,
  open,
  field,
  prompt,
}) => {
  const prepare = hostWith((pack) => {
    pack.manifest.knownAnswer.greedyIds[0] += 1;
  });
  const sotto = await launch({ prepare });
  const page = await options(sotto);
  await page.click("#packs-look");
  await page.click("#packs-take");
  await expect(page.locator("#packs-problem")).toContainText("known-answer test", { timeout: 60_000 });
  await expect(page.locator("#packs-now")).toContainText("came with the extension");
  const typed = field(await open("/textarea.html", { sotto }), {}, sotto);
  await typed.focus();
  await typed.write(prompt.text);
  expect(await typed.ghost(60_000)).toBe(prompt.suggestion);
});

test("the engine is killed in the middle of taking a model over: the next try goes on", async ({ launch }) => {
  const sotto = await launch({ prepare: hostWith() });
  const page = await options(sotto);
  const own = await sotto.controlPage();
  const progress = () =>
    own.evaluate(async () => (await chrome.runtime.sendMessage({ type: "packs" }))?.value?.view?.progress?.done ?? 0);
  await page.click("#packs-look");
  await page.click("#packs-take");
  await expect.poll(progress, { intervals: [20] }).toBeGreaterThan(0);
  await sotto.kill("engine");
  await page.reload();
  await expect(page.locator("#packs-now")).toContainText("came with the extension", { timeout: 30_000 });
  await page.click("#packs-look");
  await expect(page.locator("#packs-take")).toBeVisible();
  await expect(page.locator("#packs-take"), "a part of it is here already").not.toContainText("(19.1 MB)");
  await page.click("#packs-take");
  await expect(page.locator("#packs-now")).toContainText(`version ${VERSION}`, { timeout: 60_000 });
});

test("a stored model that the browser threw a part of away: the packaged one answers, with the reason", async ({
  launch,
  open,
  field,
  prompt,
}) => {
  const sotto = await launch({ prepare: hostWith() });
  const page = await options(sotto);
  await page.click("#packs-look");
  await page.click("#packs-take");
  await expect(page.locator("#packs-now")).toContainText(`version ${VERSION}`, { timeout: 60_000 });
  await sotto.kill("engine");
  await page.evaluate(async (version) => {
    const root = await navigator.storage.getDirectory();
    const pack = await (await root.getDirectoryHandle("packs")).getDirectoryHandle(String(version));
    for await (const [name, handle] of pack.entries()) {
      if (handle.kind === "directory")
        await (await pack.getDirectoryHandle(name)).removeEntry("3").catch(() => undefined);
    }
  }, VERSION);
  const typed = field(await open("/textarea.html", { sotto }), {}, sotto);
  await typed.focus();
  await typed.write(prompt.text);
  expect(await typed.ghost(60_000)).toBe(prompt.suggestion);
  expect(await versionInUse(sotto)).toBeLessThan(VERSION);
  await page.reload();
  await expect(page.locator("#packs-problem")).toContainText(`Version ${VERSION} could not be used`);
});
