// What scripts/demo runs: Chromium with Sotto on the project's own page, ready to type. With --headless it types by
// itself, accepts a suggestion, asks for a summary and an answer in the chat, and writes a screenshot and a report. A host
// that is built is installed for the demo's profile.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { servePages } from "../pages/server.mjs";
import { demonstrateChat, demonstrateSummary } from "./lib/assist-demo.mjs";
import { launchSotto } from "./lib/browser.mjs";
import { buildPages } from "./lib/build-pages.mjs";
import { demonstrateEscalation } from "./lib/escalation-demo.mjs";
import { hasRealHost, installRealHost } from "./lib/host.mjs";
import { percentile } from "./lib/numbers.mjs";
import { PROMPTS } from "./lib/prompts.mjs";
import { replaceText, waitForAnswer } from "./lib/typist.mjs";

const USAGE = "usage: scripts/demo [--headless --json FILE [--screenshot FILE]]";

/** What the letter in the screenshot is about, and how it begins. */
const SUBJECT = "Your visit in June";
const LETTER = "Dear Anna,\n\n";

/** Between two keys, in milliseconds: a good typist. */
const KEY_INTERVAL_MS = 90;

/** Beginnings to type before the best of their suggestions is shown; more only if there was none yet. */
const ENOUGH_PROMPTS = 12;

/** The first answer waits for the model to load. */
const FIRST_ANSWER_MS = 120_000;

const WITH_HOST = hasRealHost() ? { prepare: installRealHost } : {};

async function main() {
  const options = readOptions();
  await buildPages();
  const server = await servePages();
  try {
    if (options.headless) return await demonstrate(server.origin, options);
    await invite(server.origin);
    return 0;
  } finally {
    await server.close();
  }
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: { headless: { type: "boolean" }, json: { type: "string" }, screenshot: { type: "string" } },
    });
    if (values.headless && !values.json) throw new Error("--headless needs --json FILE");
    const screenshot = values.screenshot ?? values.json?.replace(/(\.json)?$/, ".png");
    return { headless: values.headless ?? false, json: values.json ?? "", screenshot: screenshot ?? "" };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exit(2);
  }
}

/** A window to type in, until it is closed. @param {string} origin */
async function invite(origin) {
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    console.error(`There is no display to open a window on. ${USAGE}`);
    process.exit(2);
  }
  const sotto = await launchSotto({ ...WITH_HOST, headless: false, viewport: null, guarded: false });
  const page = sotto.context.pages()[0] ?? (await sotto.context.newPage());
  await page.goto(`${origin}/`);
  await page.bringToFront();
  console.log(
    "Type into the page: grey words appear at the caret. Tab accepts, Ctrl+Right takes one word, Esc dismisses.",
  );
  console.log("Select text and choose Summarise selection from the context menu. The toolbar button has the chat.");
  console.log("Close the browser window to end.");
  await new Promise((done) => sotto.context.once("close", done));
  await sotto.close();
}

/**
 * @param {string} origin
 * @param {{json: string, screenshot: string}} options
 * @returns {Promise<number>} exit code
 */
async function demonstrate(origin, options) {
  const sotto = await launchSotto({ ...WITH_HOST, viewport: { width: 1200, height: 700 }, deviceScaleFactor: 2 });
  try {
    const page = await sotto.context.newPage();
    await page.goto(`${origin}/`);
    await page.click("#subject");
    await page.keyboard.type(SUBJECT, { delay: KEY_INTERVAL_MS });
    await page.click("#message");
    const report = { shown: false, accepted: false, text: "" };
    /** @type {{prompt: string, text: string} | undefined} */
    let best;
    for (const [index, prompt] of PROMPTS.entries()) {
      if (index >= ENOUGH_PROMPTS && report.accepted) break;
      await replaceText(page, prompt, KEY_INTERVAL_MS);
      const { text } = await waitForAnswer(sotto, page, index === 0 ? FIRST_ANSWER_MS : 15_000);
      if (text === "") continue;
      report.shown = true;
      if (best === undefined || text.length > best.text.length) best = { prompt, text };
      if (report.accepted) continue;
      await page.keyboard.press("Tab");
      report.text = text;
      report.accepted = (await page.inputValue("#message")) === prompt + text;
    }
    await picture(sotto, page, best?.prompt, options.screenshot);

    const status = await sotto.engineStatus();
    const times = (await sotto.inspect(page))?.keyToGhostMs ?? [];
    const autocomplete = {
      ...report,
      backend: status.engine?.backend ?? "none",
      backendReason: status.engine?.backendReason ?? status.error?.code ?? status.type,
      loadMs: round(status.engine?.loadMs ?? 0),
      firstMs: round(times[0] ?? 0),
      p50Ms: round(percentile(times, 50)),
      p95Ms: round(percentile(times, 95)),
    };
    const summarize = await demonstrateSummary(sotto, origin);
    const chat = await demonstrateChat(sotto);
    const escalation = await demonstrateEscalation();
    const json = JSON.stringify({ autocomplete, summarize, chat, escalation }, null, 2);
    await mkdir(dirname(resolve(options.json)), { recursive: true });
    await writeFile(options.json, `${json}\n`);
    console.log(json);
    if (status.type === "failed")
      console.error(`the engine did not start: ${status.error.message} (${status.error.code})`);
    if (!report.shown) console.error("nothing was suggested");
    else if (!report.accepted) console.error("the suggestion was not inserted");
    if (!summarize.ok) console.error("the selection was not summarised");
    if (!chat.ok) console.error("the chat was not answered");
    // Only the host speaks with an endpoint.
    const isEscalated = escalation.ok || !hasRealHost();
    if (!isEscalated) console.error("the endpoint on this machine was not asked as it should be");
    return report.shown && report.accepted && summarize.ok && chat.ok && isEscalated ? 0 : 1;
  } finally {
    await sotto.close();
  }
}

/**
 * A letter with ghost text at its end.
 * @param {import("./lib/browser.mjs").Sotto} sotto
 * @param {import("@playwright/test").Page} page
 * @param {string | undefined} prompt
 * @param {string} file
 */
async function picture(sotto, page, prompt, file) {
  // The letter's opening may change what the model says; the bare sentence is known to work.
  for (const text of prompt === undefined ? [] : [LETTER + prompt, prompt]) {
    await replaceText(page, text, KEY_INTERVAL_MS);
    if ((await waitForAnswer(sotto, page, 15_000)).text !== "") break;
  }
  await mkdir(dirname(resolve(file)), { recursive: true });
  await page.screenshot({ path: file, caret: "initial" });
}

/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;

process.exitCode = await main();
