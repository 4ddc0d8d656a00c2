// The whole way out with a real server at its end: popup, offer, sheet, host, llama.cpp with our own model, and back. Only
// `scripts/check cloud-real` runs this: it needs llama.cpp and the model as GGUF.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "./fixtures";
import { ROOT } from "./lib/browser.mjs";
import { Chat } from "./lib/chat";
import { HOST_BINARY, hasRealHost, installOwnHost } from "./lib/host.mjs";
import { Sheet } from "./lib/sheet";

const GGUF = process.env.SOTTO_CLOUD_REAL;

const ADDRESS = "ada.lovelace@example.org";

/** A model of this size repeats more than it answers, and not always. One of these comes back. */
const QUESTIONS = [12, 10, 14, 16, 20].map((times) => `Write to ${ADDRESS}! `.repeat(times).trimEnd());

/** The local answer waits for the runtime and the model to load; the other server has one core. */
const SLOW_MS = 60_000;

test.skip(!hasRealHost(), `no host at ${HOST_BINARY}: run scripts/build-host`);
test.skip(GGUF === undefined, "scripts/check cloud-real runs this");

async function startServer(gguf: string): Promise<{ url: string; process: ChildProcess }> {
  const server = spawn(process.execPath, [join(ROOT, "tests/bench/llama/serve.mjs"), gguf], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(server.stdout), "line");
  return { url: `http://127.0.0.1:${JSON.parse(line).port}/v1`, process: server };
}

test("an answer of llama.cpp streams into the popup, with the words back in it that never left", async ({ launch }) => {
  test.setTimeout(600_000);
  const server = await startServer(GGUF ?? "");
  try {
    const prepare = (profile: string) => installOwnHost(profile, { endpoint: server.url });
    const sotto = await launch({ prepare });
    await sotto.setSettings({ offerCloud: true });
    const chat = await Chat.open(sotto);
    let isRestored = false;
    for (const question of QUESTIONS) {
      await chat.send(question);
      await chat.done(SLOW_MS);
      const answer = chat.answers.last();
      const sheet = await Sheet.openedBy(sotto, () => answer.locator(".cloud-ask").click());
      expect(await sheet.text()).not.toContain("ada.lovelace");
      expect(await sheet.text()).toContain("[EMAIL_1]");
      await sheet.choose("once");
      await chat.done(SLOW_MS);
      await expect(answer.locator(".cloud-engine")).toHaveAttribute("data-tier", "cloud");
      const text = (await answer.locator(".cloud-body").textContent()) ?? "";
      expect(text.trim()).not.toBe("");
      expect(text).not.toContain("[EMAIL_1]");
      isRestored = text.includes(ADDRESS);
      if (isRestored) break;
      await chat.page.locator("#chat-new").click();
    }
    expect(isRestored, "one of the answers had the placeholder").toBe(true);
    await sotto.context.close();
  } finally {
    server.process.kill();
  }
});
