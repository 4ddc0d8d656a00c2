// The real host, installed by itself for the test's profile, with the model that ships: both uses, and every end that a
// host can come to. Skipped where the host is not built.

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "./fixtures";
import { cardOf } from "./lib/card.mjs";
import { Chat } from "./lib/chat";
import { HOST_BINARY, hasRealHost, installRealHost, isAlive } from "./lib/host.mjs";
import { selectIn } from "./lib/select";

test.skip(!hasRealHost(), `no host at ${HOST_BINARY}: run scripts/build-host`);

const real = { prepare: installRealHost };

/** The first answer waits for the runtime and the model to load. */
const FIRST_MS = 60_000;

/** Something that takes the model a while. */
const LONG = "Tell me a long story about a lighthouse, the people who kept it, and the sea around it.";

/** Parents of all processes. Linux only, as the whole suite. */
function parents(): Map<number, number> {
  const found = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      found.set(Number(name), Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1]));
    } catch {
      // It ended while it was being read.
    }
  }
  return found;
}

function command(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** Bytes that a process has read so far. */
function bytesRead(pid: number): number {
  return Number(/^rchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
}

/** Every process of a host that was seen during this test. */
const seen = new Set<number>();

/** Waits until a host of this test's browser runs, with its worker. Other hosts on this machine are not ours. */
async function running(): Promise<{ broker: number; worker: number }> {
  let found: { broker: number; worker: number } | undefined;
  await expect
    .poll(
      () => {
        const all = parents();
        const isOurs = (pid: number): boolean => pid === process.pid || (pid > 1 && isOurs(all.get(pid) ?? 0));
        const worker = [...all.keys()].find(
          (pid) => command(pid)[0]?.endsWith("sotto-host") && command(pid)[1] === "worker" && isOurs(pid),
        );
        const broker = worker === undefined ? undefined : all.get(worker);
        found = worker === undefined || broker === undefined ? undefined : { broker, worker };
        return found !== undefined;
      },
      { timeout: FIRST_MS, message: "a host runs" },
    )
    .toBe(true);
  if (!found) throw new Error("no host");
  seen.add(found.broker).add(found.worker);
  return found;
}

test.afterEach(async () => {
  await expect.poll(() => [...seen].filter(isAlive), { timeout: 15_000, message: "no process is left" }).toEqual([]);
  seen.clear();
});

test("a summary by the context menu, streamed by the host", async ({ launch, open }) => {
  const sotto = await launch(real);
  const page = await open("/article.html", { sotto });
  const card = await cardOf(page);
  await selectIn(page.mainFrame(), "#article");
  await sotto.summarize(page, { menu: { frameId: 0, selectionText: "x" } });
  await expect.poll(() => card.text(".label"), { timeout: FIRST_MS }).toMatch(/^(Extractive|Written by)/);
  expect(await card.text("summary")).toContain("Host on this device");
  expect((await card.text(".text")).length).toBeGreaterThan(40);
  await sotto.context.close();
});

test("a chat by the popup, streamed by the host", async ({ launch }) => {
  const sotto = await launch(real);
  const chat = await Chat.open(sotto);
  await chat.send("What is the capital of France?");
  const answer = await chat.done(FIRST_MS);
  await expect(answer.locator(".problem")).toBeHidden();
  await expect(answer.locator(".body")).not.toBeEmpty();
  await expect(answer.locator(".badge")).toContainText("Host on this device");
  await sotto.context.close();
});

test("the options show the real host's state", async ({ launch }) => {
  const sotto = await launch(real);
  const page = await sotto.context.newPage();
  await page.goto(`chrome-extension://${sotto.extensionId}/options.html`);
  await expect(page.locator("#host-state")).toHaveText("The host answers.");
  await expect(page.locator("#host-memory")).toContainText("MiB");
  await sotto.context.close();
});

for (const part of ["broker", "worker"] as const) {
  test(`the ${part} is killed in the middle of an answer: one message, and the next request works`, async ({
    launch,
  }) => {
    const sotto = await launch(real);
    const chat = await Chat.open(sotto);
    await chat.send("hello");
    await chat.done(FIRST_MS);
    const { broker, worker } = await running();
    // The answer cannot be complete before the end.
    process.kill(worker, "SIGSTOP");
    const before = bytesRead(broker);
    await chat.send(LONG);
    // The request has arrived: before that, the next process would answer as if nothing had happened.
    await expect.poll(() => bytesRead(broker)).toBeGreaterThan(before + LONG.length);
    process.kill({ broker, worker }[part], "SIGKILL");
    if (part === "broker") process.kill(worker, "SIGCONT");
    const answer = await chat.done();
    await expect(answer.locator(".problem")).toContainText("ry again");
    await expect(chat.errors.filter({ hasText: /./ })).toHaveCount(1);
    await answer.locator(".retry").click();
    const next = await chat.done(FIRST_MS);
    await expect(next.locator(".problem")).toBeHidden();
    await expect(next.locator(".badge")).toContainText("Host on this device");
    await sotto.context.close();
  });
}

test("the browser is closed in the middle of an answer: no process is left", async ({ launch }) => {
  const sotto = await launch(real);
  const chat = await Chat.open(sotto);
  await chat.send(LONG);
  const { broker, worker } = await running();
  await sotto.context.close();
  await expect.poll(() => isAlive(broker) || isAlive(worker), { timeout: 15_000 }).toBe(false);
});

test("stop ends the answer, and the host serves the next one", async ({ launch }) => {
  const sotto = await launch(real);
  const chat = await Chat.open(sotto);
  await chat.send("hello");
  await chat.done(FIRST_MS);
  const { worker, broker } = await running();
  // Held back, so that there is something to stop.
  process.kill(worker, "SIGSTOP");
  await chat.send(LONG);
  await chat.stop();
  await expect(await chat.done()).toContainText("Stopped.");
  process.kill(worker, "SIGCONT");
  await chat.send("hello");
  await expect((await chat.done(FIRST_MS)).locator(".badge")).toContainText("Host on this device");
  expect(isAlive(broker)).toBe(true);
  await sotto.context.close();
});
