// Starts Chromium with the unpacked extension in a fresh profile, and talks to the extension from one of its own pages.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { startGuard } from "./guard.mjs";
import { openPopup } from "./popup.mjs";

/** The repository. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

const DIST = process.env.SOTTO_DIST ?? join(ROOT, "dist");

/** The build with host permission for this machine's pages: a permission prompt cannot be clicked without a window. */
export const DEMO = join(DIST, "demo");

/** The build that ships. */
export const SHIPPED = join(DIST, "chromium");

/** WebGPU on SwiftShader, a software adapter: correct and very slow. */
export const SOFTWARE_WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** No WebGPU: the interface is there and gives no adapter, as on a machine without a usable GPU. */
export const NO_WEBGPU = ["--disable-gpu"];

// The last --disable-features wins, so this one also names what Playwright switches off.
const FEATURES_OFF = [
  "AutofillServerCommunication",
  "DestroyProfileOnBrowserClose",
  "DialMediaRouteProvider",
  "GlobalMediaControls",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "NetworkTimeServiceQuerying",
  "OptimizationHints",
  "PaintHolding",
  "RenderDocument",
  "Translate",
];

// Chromium's own traffic would be seen by the guard; none of it belongs to the extension.
const QUIET = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-default-apps",
  "--no-first-run",
  "--no-default-browser-check",
  "--lang=en-US",
  "--disable-search-engine-choice-screen",
  // Its updater and its account list have no switch; they have an address. The discard port answers nothing.
  "--component-updater=url-source=http://127.0.0.1:9/",
  "--gaia-url=http://127.0.0.1:9/",
  `--disable-features=${FEATURES_OFF.join(",")}`,
];

// No dictionary to fetch, no account to ask for; and without developer mode an unpacked extension does not come back after
// a reload.
const PREFERENCES = {
  extensions: { ui: { developer_mode: true } },
  browser: { enable_spellchecking: false },
  spellcheck: { dictionaries: [], blocked_dictionaries: ["en-US"], use_spelling_service: false },
  signin: { allowed: false, allowed_on_next_startup: false },
};

/** @returns {string} the browser to test in */
export function chromiumPath() {
  return process.env.SOTTO_CHROMIUM || "/usr/bin/chromium";
}

/**
 * What the content script's test hook says about one frame.
 * @typedef {object} Inspection
 * @property {boolean} visible
 * @property {string} text
 * @property {string | null} reason         why nothing is shown
 * @property {"model" | "phrases" | null} source   who wrote the suggestion that was shown last
 * @property {boolean} waiting              whether that may still change without a keystroke
 * @property {number[]} keyToGhostMs        keystroke to paint, as the user sees it
 * @property {number[]} mainThreadMs        work of the content script per keystroke
 * @property {{x: number, y: number, width: number, height: number} | null} ghostRect
 * @property {number} textReads             how often this frame read text out of a field
 */

/**
 * @typedef {object} SottoOptions
 * @property {string} [extension]        folder of the unpacked extension; `dist/demo` if absent
 * @property {boolean} [headless]
 * @property {{width: number, height: number} | null} [viewport]  `null` follows the window
 * @property {number} [deviceScaleFactor]
 * @property {string[]} [args]           more of the browser's command line
 * @property {(profile: string) => Promise<void>} [prepare]  puts things into the profile before the browser starts
 * @property {boolean} [guarded]         send everything that is not local to the guard; default true
 */

/**
 * A browser with Sotto in it.
 * @typedef {Awaited<ReturnType<typeof launchSotto>>} Sotto
 */

/** @param {SottoOptions} [options] */
export async function launchSotto(options = {}) {
  const extension = options.extension ?? DEMO;
  if (!existsSync(join(extension, "manifest.json"))) throw new Error(`no extension in ${extension}: run scripts/build`);
  const profile = await mkdtemp(join(tmpdir(), "sotto-profile-"));
  await mkdir(join(profile, "Default"));
  await writeFile(join(profile, "Default/Preferences"), JSON.stringify(PREFERENCES));
  await options.prepare?.(profile);
  const guard = options.guarded === false ? undefined : await startGuard();
  const headless = options.headless ?? true;
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath(),
    headless,
    viewport: options.viewport === undefined ? { width: 1000, height: 800 } : options.viewport,
    ...(options.deviceScaleFactor === undefined ? {} : { deviceScaleFactor: options.deviceScaleFactor }),
    ignoreDefaultArgs: ["--disable-extensions", ...(headless ? [] : ["--enable-automation"])],
    args: [
      `--disable-extensions-except=${extension}`,
      `--load-extension=${extension}`,
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      ...QUIET,
      ...(guard?.args ?? []),
      ...(options.args ?? []),
    ],
  });
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
  const extensionId = new URL(worker.url()).host;
  await closeWelcome(context);
  /** @type {import("@playwright/test").Page | undefined} */
  let control;

  /**
   * A document of the extension that runs none of its code: it has the extension's APIs and nothing else.
   * @returns {Promise<import("@playwright/test").Page>}
   */
  async function controlPage() {
    if (control === undefined || control.isClosed()) {
      const front = context.pages().find((page) => page.url().startsWith("http"));
      control = await context.newPage();
      await control.goto(`chrome-extension://${extensionId}/manifest.json`);
      await front?.bringToFront();
    }
    return control;
  }

  /** @param {import("@playwright/test").Page} page @returns {Promise<number>} the browser's number of this tab */
  async function tabId(page) {
    const own = await controlPage();
    const url = page.url();
    const id = await own.evaluate(async (url) => (await chrome.tabs.query({})).find((tab) => tab.url === url)?.id, url);
    if (id === undefined) throw new Error(`no tab shows ${url}`);
    return id;
  }

  /** @type {import("@playwright/test").CDPSession | undefined} */
  let session;
  async function browserSession() {
    session ??= await context.browser()?.newBrowserCDPSession();
    if (session === undefined) throw new Error("no connection to the browser");
    return session;
  }

  /** @param {"background" | "engine"} part */
  async function findTarget(part) {
    const { targetInfos } = await (await browserSession()).send("Target.getTargets");
    return targetInfos.find(
      (target) =>
        target.url.startsWith(`chrome-extension://${extensionId}/`) &&
        (part === "engine" ? target.url.endsWith("/engine.html") : target.type === "service_worker"),
    );
  }

  return {
    context,
    extensionId,
    guard,
    profile,
    controlPage,
    tabId,

    /**
     * Asks the content script of one frame what it shows.
     * @param {import("@playwright/test").Page} page
     * @param {number} [frameId] the browser's number of the frame; 0 is the page itself
     * @returns {Promise<Inspection | undefined>} undefined where no content script answers
     */
    async inspect(page, frameId = 0) {
      const own = await controlPage();
      return own.evaluate(
        async ([tab, frameId]) => {
          try {
            const reply = await chrome.tabs.sendMessage(tab, { type: "sotto.inspect" }, { frameId });
            return reply?.value;
          } catch {
            return undefined;
          }
        },
        /** @type {const} */ ([await tabId(page), frameId]),
      );
    },

    /**
     * The browser's numbers of the frames of a page, by frame name (`""` is the page itself).
     * @param {import("@playwright/test").Page} page
     * @returns {Promise<Record<string, number>>}
     */
    async frameIds(page) {
      const own = await controlPage();
      const frames = await own.evaluate(
        async (tabId) =>
          chrome.scripting.executeScript({ target: { tabId, allFrames: true }, func: () => window.name }),
        await tabId(page),
      );
      return Object.fromEntries(frames.map((frame) => [String(frame.result ?? ""), frame.frameId]));
    },

    /**
     * Changes settings; what is not named goes back to its default.
     * @param {Record<string, unknown>} changes
     */
    async setSettings(changes) {
      const own = await controlPage();
      await own.evaluate((changes) => chrome.storage.local.set({ settings: changes }), {
        enabled: true,
        offSites: [],
        keys: { acceptAll: "Tab", acceptWord: "Ctrl+ArrowRight", dismiss: "Escape" },
        backend: "auto",
        ...changes,
      });
    },

    /** @returns {Promise<any>} what is stored; `{}` before the first change */
    async settings() {
      const own = await controlPage();
      return own.evaluate(async () => (await chrome.storage.local.get("settings")).settings ?? {});
    },

    /**
     * The engine's state, as the popup gets it.
     * @returns {Promise<any>} an `EngineStatus`
     */
    async engineStatus() {
      const own = await controlPage();
      return own.evaluate(async () => {
        await chrome.runtime.sendMessage({ type: "ensureEngine" });
        const port = chrome.runtime.connect({ name: "sotto.status" });
        try {
          return await new Promise((done, failed) => {
            port.onMessage.addListener(done);
            port.onDisconnect.addListener(() => failed(new Error("the engine page hung up")));
          });
        } finally {
          port.disconnect();
        }
      });
    },

    /**
     * Speed of the loaded engine alone.
     * @param {number} prefillTokens
     * @param {number} decodeTokens
     * @returns {Promise<{prefillMs: number, decodeTokPerS: number}>}
     */
    async measureEngine(prefillTokens, decodeTokens) {
      const own = await controlPage();
      return own.evaluate(
        async (command) => {
          await chrome.runtime.sendMessage({ type: "ensureEngine" });
          const port = chrome.runtime.connect({ name: "sotto.status" });
          try {
            return await new Promise((done, failed) => {
              port.onMessage.addListener((message) => {
                if (message.type === "measured") done(message);
                if (message.type === "measureFailed") failed(new Error(message.error.message));
              });
              port.onDisconnect.addListener(() => failed(new Error("the engine page hung up")));
              port.postMessage(command);
            });
          } finally {
            port.disconnect();
          }
        },
        { type: "measure", prefillTokens, decodeTokens },
      );
    },

    /**
     * Ends a part of the extension the way the browser does: no goodbye.
     * @param {"background" | "engine"} part the service worker, or the offscreen page with the model
     */
    async kill(part) {
      const target = await findTarget(part);
      if (target === undefined) throw new Error(`the ${part} is not running`);
      await (await browserSession()).send("Target.closeTarget", { targetId: target.targetId });
      const gone = Date.now() + 10_000;
      while ((await findTarget(part))?.targetId === target.targetId) {
        if (Date.now() > gone) throw new Error(`the ${part} is still running`);
      }
    },

    /**
     * Ends the service worker although it holds a native port. The browser may start it again at once, so what `kill`
     * waits for need not come.
     */
    async stopBackground() {
      const session = await context.newCDPSession(await controlPage());
      const stopped = new Promise((done) => {
        session.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
          if (versions.some(({ runningStatus }) => runningStatus === "stopped")) done(undefined);
        });
      });
      await session.send("ServiceWorker.enable");
      await session.send("ServiceWorker.stopAllWorkers");
      await stopped;
      await session.detach();
    },

    /** Ends the process that works for the graphics card, as a driver that crashes does. The browser starts another one. */
    async crashGpu() {
      // The answer dies with the process, in some versions.
      await (await browserSession()).send("Browser.crashGpuProcess").catch(() => undefined);
    },

    /** @param {"background" | "engine"} part @returns {Promise<boolean>} */
    async isRunning(part) {
      return (await findTarget(part)) !== undefined;
    },

    /**
     * What a click on an entry of the context menu, or the keyboard shortcut, starts: the browser's own event, handed to
     * the service worker's own listener. Neither menus nor shortcuts can be reached in a browser without a window.
     * @param {import("@playwright/test").Page} page
     * @param {{menu?: {frameId: number, selectionText: string}}} [how] the menu's click; the shortcut if absent
     */
    async summarize(page, how = {}) {
      const id = await tabId(page);
      const own = await controlPage();
      // Wakes the worker if it sleeps.
      await own.evaluate(() => chrome.runtime.sendMessage({ type: "ensureEngine" }));
      const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
      await worker.evaluate(
        async ([id, menu]) => {
          const tab = await chrome.tabs.get(id);
          /** @type {any} */
          const event = menu ? chrome.contextMenus.onClicked : chrome.commands.onCommand;
          if (menu) event.dispatch({ menuItemId: "summarize-selection", ...menu }, tab);
          else event.dispatch("summarize-selection", tab);
        },
        /** @type {const} */ ([id, how.menu]),
      );
    },

    /**
     * Opens the real popup over the tab in front.
     * @param {import("@playwright/test").Page} page the tab that the popup is about
     */
    async openPopup(page) {
      const own = await controlPage();
      await page.bringToFront();
      return openPopup(await browserSession(), `chrome-extension://${extensionId}/popup.html`, () =>
        own.evaluate(() => chrome.action.openPopup()),
      );
    },

    async close() {
      await context.close();
      await guard?.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/**
 * A fresh install opens its welcome page in a new tab. It would take the foreground from the page under test at some
 * moment, and Chromium holds back the keys of a page in the background.
 * @param {import("@playwright/test").BrowserContext} context
 */
async function closeWelcome(context) {
  const isWelcome = (/** @type {import("@playwright/test").Page} */ page) => page.url().endsWith("/onboarding.html");
  const deadline = Date.now() + 20_000;
  while (!context.pages().some(isWelcome)) {
    if (Date.now() > deadline) throw new Error("the extension did not open its welcome page");
    await new Promise((done) => setTimeout(done, 20));
  }
  for (const page of context.pages().filter(isWelcome)) await page.close();
}
