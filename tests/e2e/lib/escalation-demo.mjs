// The demo's question to an endpoint on this machine: offered, shown, agreed to, answered; with what the report says of it.

import { launchSotto } from "./browser.mjs";
import { startEndpoint } from "./endpoint.mjs";
import { hasRealHost, installOwnHost } from "./host.mjs";

/** The first answer waits for a host and its model. */
const ANSWER_MS = 120_000;

const QUESTION = "Please write to Anna Berg, anna.berg@mail.example, that the meeting is on Monday.";

/**
 * @typedef {object} EscalationReport
 * @property {boolean} offered
 * @property {number} sentWithoutConsent  requests that reached the endpoint before the yes
 * @property {number} redactions          values that were hidden from it
 * @property {boolean} ok                 what arrived is what was shown, and the answer came back with the real words
 */

/** @returns {Promise<EscalationReport>} */
export async function demonstrateEscalation() {
  /** @type {EscalationReport} */
  const report = { offered: false, sentWithoutConsent: 0, redactions: 0, ok: false };
  if (!hasRealHost()) return report;
  const endpoint = await startEndpoint();
  const sotto = await launchSotto({ prepare: (profile) => installOwnHost(profile, { endpoint: endpoint.url }) });
  try {
    await sotto.setSettings({ offerCloud: true });
    const page = await sotto.context.newPage();
    await page.goto(`chrome-extension://${sotto.extensionId}/popup.html`);
    await page.click("#tab-chat");
    await page.locator("#chat[data-ready]").waitFor();
    await page.fill("#chat-input", QUESTION);
    await page.press("#chat-input", "Enter");
    const offer = page.locator(".message.assistant .cloud-ask").last();
    await offer.waitFor({ timeout: ANSWER_MS });
    report.offered = true;

    const opened = sotto.context.waitForEvent("page", {
      predicate: (other) => other.url().endsWith("/consent.html"),
      timeout: ANSWER_MS,
    });
    await offer.click();
    const sheet = await opened;
    await sheet.locator("#question").waitFor();
    const shown = await sheet.locator("#payload").textContent();
    report.redactions = await sheet.locator("#replacements li").count();
    report.sentWithoutConsent = endpoint.connections();
    await sheet.click("#once");
    const answer = page.locator(".cloud-body").last();
    await answer.filter({ hasText: "that is all." }).waitFor({ timeout: ANSWER_MS });
    const text = (await answer.textContent()) ?? "";
    const isWhatWasShown = endpoint.asked.length === 1 && endpoint.asked[0]?.body === shown;
    report.ok = isWhatWasShown && report.redactions > 0 && text.includes("anna.berg@mail.example");
  } catch (error) {
    console.error(`the endpoint: ${error instanceof Error ? error.message : error}`);
  } finally {
    await sotto.close();
    await endpoint.close();
  }
  return report;
}
