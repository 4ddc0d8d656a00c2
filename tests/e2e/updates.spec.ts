// The update buttons of the options page: the real host, a real release served as static files. Looking fetches metadata
// alone, the size is on the button before anything is fetched, and whatever is refused says why.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import type { Sotto } from "./lib/browser.mjs";
import { HOST_BINARY, hasRealHost, installOwnHost } from "./lib/host.mjs";
import {
  hasReleaseTool,
  largest,
  newerPack,
  RELEASE_TOOL,
  release,
  serveRelease,
  setSource,
  withLongerHeader,
} from "./lib/release.mjs";

test.skip(!hasRealHost(), `no host at ${HOST_BINARY}: run scripts/build-host`);
test.skip(!hasReleaseTool(), `no release tool at ${RELEASE_TOOL}: run cargo build -p sotto-release`);

const VERSION = 900;
const BROWSER = "sotto-nano";
const HOST = "sotto-nano-onnx";

/** Metadata, twenty megabytes over the loopback interface, and on the host's side a test of the model. */
const UPDATE_MS = 120_000;

/** Longer than the metadata and manifests of a release, and shorter than its weights. */
const HOLD_BYTES = 4_000_000;

let folder: string;
let good: string;
let bad: string;

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sotto-release-"));
  await newerPack(BROWSER, VERSION, join(folder, "browser"), async (pack) => {
    await pack.replace("weights", withLongerHeader(await pack.read("weights")));
  });
  good = release(join(folder, "good"), [join(folder, "browser")]);
  await newerPack(HOST, VERSION, join(folder, "host"), (pack) => {
    pack.manifest.knownAnswer.greedyIds[0] += 1;
  });
  bad = release(join(folder, "bad"), [join(folder, "host")]);
});

test.afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function options(sotto: Sotto): Promise<Page> {
  const page = await sotto.context.newPage();
  await page.goto(`chrome-extension://${sotto.extensionId}/options.html`);
  await expect(page.locator("#packs-now")).not.toBeEmpty();
  return page;
}

test("without a source one is told what to do, and nothing is asked", async ({ launch }) => {
  const sotto = await launch({ prepare: installOwnHost });
  const page = await options(sotto);
  await page.click("#updates-check");
  await expect(page.locator("#updates-state")).toContainText("sotto-host update source", { timeout: 30_000 });
  await expect(page.locator("#updates-apply")).toBeHidden();
});

test("looking fetches no model; the button says how large it is; a stopped transfer goes on; the browser takes it over", async ({
  launch,
}) => {
  test.setTimeout(4 * UPDATE_MS);
  const source = await serveRelease(good);
  const sotto = await launch({
    prepare: async (profile) => {
      await installOwnHost(profile);
      setSource(profile, source.url, good);
    },
  });
  const page = await options(sotto);
  const [check, apply, stop, state] = ["check", "apply", "stop", "state"].map((name) =>
    page.locator(`#updates-${name}`),
  );
  if (!check || !apply || !stop || !state) throw new Error("no buttons");
  expect(source.served, "opening the page asks nobody").toEqual([]);

  await check.click();
  await expect(page.locator("#updates-list li")).toContainText(`${BROWSER} version ${VERSION}`, { timeout: UPDATE_MS });
  const size = async () => Number(/Fetch ([\d.]+) MB from/.exec((await apply.textContent()) ?? "")?.[1]);
  await expect(apply).toContainText(source.url);
  expect(await size()).toBeGreaterThan(10);
  expect(source.served.filter(({ path }) => path.endsWith(".blob"))).toEqual([]);

  source.hold(HOLD_BYTES);
  await apply.click();
  const progress = page.locator("#updates-progress");
  await expect
    .poll(() => progress.evaluate((bar: HTMLProgressElement) => bar.value), { timeout: UPDATE_MS })
    .toBeGreaterThan(0);
  await stop.click();
  await expect(state).toContainText("goes on from there", { timeout: UPDATE_MS });
  await expect(stop).toBeHidden();

  // The host may still be at its end.
  source.hold(undefined);
  await expect(async () => {
    await check.click();
    await expect(check).toBeEnabled({ timeout: UPDATE_MS });
    await expect(state).toBeEmpty({ timeout: 1 });
  }).toPass({ timeout: UPDATE_MS });
  const left = await size();
  source.served.splice(0);
  await apply.click();
  await expect(state).toContainText(`${BROWSER} ${VERSION}`, { timeout: UPDATE_MS });
  await expect(apply).toBeHidden();
  const blobs = source.served.filter(({ path }) => path.endsWith(".blob"));
  expect(largest(blobs).from, "it goes on where it stopped").toBeGreaterThan(0);
  const fetched = blobs.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  expect(Math.abs(fetched - left), "what the button said").toBeLessThan(0.1);

  // What is for the browser waits for its own click.
  await expect(page.locator("#packs-now")).toContainText("came with the extension");
  await page.click("#packs-take");
  await expect(page.locator("#packs-now")).toContainText(`version ${VERSION}, taken over`, { timeout: UPDATE_MS });
  await check.click();
  await expect(state).toContainText("has nothing newer", { timeout: UPDATE_MS });
  await sotto.context.close();
  await source.close();
});

test("a mirror that serves other bytes than the release names: nothing is taken, and the reason is read", async ({
  launch,
}) => {
  test.setTimeout(2 * UPDATE_MS);
  const source = await serveRelease(good);
  source.alter();
  const sotto = await launch({
    prepare: async (profile) => {
      await installOwnHost(profile);
      setSource(profile, source.url, good);
    },
  });
  const page = await options(sotto);
  await page.click("#updates-check");
  await expect(page.locator("#updates-apply")).toBeVisible({ timeout: UPDATE_MS });
  await page.click("#updates-apply");
  await expect(page.locator("#updates-state")).toContainText("not the one that the release names", {
    timeout: UPDATE_MS,
  });
  await expect(page.locator("#packs-take")).toBeHidden();
  await expect(page.locator("#packs-now")).toContainText("came with the extension");
  await sotto.context.close();
  await source.close();
});

test("a model that does not give its known answer is refused, and left out of the next update with the reason", async ({
  launch,
}) => {
  test.setTimeout(2 * UPDATE_MS);
  const source = await serveRelease(bad);
  const sotto = await launch({
    prepare: async (profile) => {
      await installOwnHost(profile);
      setSource(profile, source.url, bad);
    },
  });
  const page = await options(sotto);
  await page.click("#updates-check");
  await expect(page.locator("#updates-list li")).toContainText(`${HOST} version ${VERSION}`, { timeout: UPDATE_MS });
  await page.click("#updates-apply");
  await expect(page.locator("#updates-state")).toContainText("known-answer test", { timeout: UPDATE_MS });
  await page.click("#updates-check");
  await expect(page.locator("#updates-list li")).toContainText("It was refused here before", { timeout: UPDATE_MS });
  await expect(page.locator("#updates-apply")).toBeHidden();
  await sotto.context.close();
  await source.close();
});
