// The host as the extension sees it: there, not there, of another version, and dying in every way. Each ends with one
// clear message; nothing hangs, nothing is left running. The hosts here are made of faults; the real one is in
// real-host.spec.ts.

import { expect, test } from "./fixtures";
import { Chat } from "./lib/chat";
import { fakeHostLog, installFakeHost, isAlive } from "./lib/host.mjs";

const fake = (behaviour: string) => ({ prepare: (profile: string) => installFakeHost(profile, behaviour) });

test("a chat with the host streams, is rendered, and names its engine", async ({ launch }) => {
  const sotto = await launch(fake("answer"));
  const chat = await Chat.open(sotto);
  await chat.send("hello *there*");
  const answer = await chat.done();
  await expect(answer.locator(".body")).toContainText("You said hello there.");
  await expect(answer.locator(".body strong")).toBeVisible();
  await expect(answer.locator(".badge")).toHaveText("Host on this device · fake-model · fake NPU");
  await answer.locator(".badge").click();
  await expect(answer.locator(".engine")).toContainText("the test says so");
  await expect(answer.locator(".engine")).toContainText("may be wrong");
  expect(fakeHostLog(sotto.profile).map(({ type }) => type)).toEqual([undefined, "hello", "chat"]);
});

test("one host serves several requests, and ids do not mix", async ({ launch }) => {
  const sotto = await launch(fake("answer"));
  const [first, second] = [await Chat.open(sotto), await Chat.open(sotto, "sidepanel.html")];
  await Promise.all([first.send("one"), second.send("two")]);
  await expect((await first.done()).locator(".body")).toContainText("You said one");
  await expect((await second.done()).locator(".body")).toContainText("You said two");
  expect(fakeHostLog(sotto.profile).filter(({ pid }) => pid)).toHaveLength(1);
});

test("stop keeps what was written, and the host is told", async ({ launch }) => {
  const sotto = await launch(fake("endless"));
  const chat = await Chat.open(sotto);
  await chat.send("go on");
  await expect(chat.answers.last().locator(".body")).toContainText("said");
  await chat.stop();
  const answer = await chat.done();
  await expect(answer).toContainText("Stopped.");
  await expect(answer.locator(".body")).toContainText("said");
  await expect.poll(() => fakeHostLog(sotto.profile).at(-1)?.type).toBe("cancel");
});

for (const behaviour of ["die", "tooLong"]) {
  test(`host ${behaviour} in the middle of an answer: one message, and the next request works`, async ({ launch }) => {
    const sotto = await launch(fake(behaviour));
    const chat = await Chat.open(sotto);
    await chat.send("hello");
    const answer = await chat.done();
    await expect(chat.errors).toHaveCount(1);
    await expect(answer.locator(".problem")).toContainText(/host (stopped|sent something)/);
    await expect(answer.locator(".problem")).toContainText("Try again.");
    await installFakeHost(sotto.profile, "answer");
    await answer.locator(".retry").click();
    await expect((await chat.done()).locator(".body")).toContainText("You said hello");
    await expect(chat.answers).toHaveCount(1);
  });
}

test("a frame that is no JSON is dropped, and the answer goes on", async ({ launch }) => {
  const sotto = await launch(fake("garbage"));
  const chat = await Chat.open(sotto);
  await chat.send("hello");
  const answer = await chat.done();
  await expect(answer.locator(".body")).toContainText("You said hello.");
  await expect(answer.locator(".problem")).toBeHidden();
});

test("an answer that is not one of the protocol ends that request alone", async ({ launch }) => {
  const sotto = await launch(fake("nonsense"));
  const chat = await Chat.open(sotto);
  await chat.send("hello");
  await expect((await chat.done()).locator(".problem")).toContainText("does not understand");
  expect(fakeHostLog(sotto.profile).filter(({ pid }) => pid)).toHaveLength(1);
});

test("killed from outside in the middle of an answer: one message, and the next request starts another", async ({
  launch,
}) => {
  const sotto = await launch(fake("endless"));
  const chat = await Chat.open(sotto);
  await chat.send("hello");
  await expect(chat.answers.last().locator(".body")).toContainText("said");
  const pid = fakeHostLog(sotto.profile)[0]?.pid ?? 0;
  process.kill(pid, "SIGKILL");
  await expect((await chat.done()).locator(".problem")).toContainText("stopped unexpectedly");
  await installFakeHost(sotto.profile, "answer");
  await chat.send("again");
  await expect((await chat.done()).locator(".body")).toContainText("again");
});

test("the service worker dies in the middle of an answer: one message, no host is left", async ({ launch }) => {
  const sotto = await launch(fake("endless"));
  const chat = await Chat.open(sotto);
  await chat.send("hello");
  await expect(chat.answers.last().locator(".body")).toContainText("said");
  const pid = fakeHostLog(sotto.profile)[0]?.pid ?? 0;
  await sotto.stopBackground();
  await expect((await chat.done()).locator(".problem")).toContainText("Try again.");
  await expect.poll(() => isAlive(pid)).toBe(false);
  await installFakeHost(sotto.profile, "answer");
  await chat.answers.last().locator(".retry").click();
  await expect((await chat.done()).locator(".body")).toContainText("You said hello");
});

test("the engine page dies in the middle of an answer: one message, no host is left", async ({ launch }) => {
  const sotto = await launch(fake("endless"));
  const chat = await Chat.open(sotto);
  await chat.send("hello");
  await expect(chat.answers.last().locator(".body")).toContainText("said");
  const pid = fakeHostLog(sotto.profile)[0]?.pid ?? 0;
  await sotto.kill("engine");
  await expect((await chat.done()).locator(".problem")).toContainText("Try again.");
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test("the browser is closed in the middle of an answer: no host is left", async ({ launch }) => {
  const sotto = await launch(fake("endless"));
  const chat = await Chat.open(sotto);
  await chat.send("hello");
  await expect(chat.answers.last().locator(".body")).toContainText("said");
  const pid = fakeHostLog(sotto.profile)[0]?.pid ?? 0;
  expect(isAlive(pid)).toBe(true);
  await sotto.context.close();
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test("the host is switched off in the middle of an answer: one message, no host is left", async ({ launch }) => {
  const sotto = await launch(fake("endless"));
  const chat = await Chat.open(sotto);
  await chat.send("hello");
  await expect(chat.answers.last().locator(".body")).toContainText("said");
  const pid = fakeHostLog(sotto.profile)[0]?.pid ?? 0;
  await sotto.setSettings({ useHost: false });
  await expect((await chat.done()).locator(".problem")).toContainText("Try again.");
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test("a page that closes cancels its answer", async ({ launch }) => {
  const sotto = await launch(fake("endless"));
  const chat = await Chat.open(sotto);
  await chat.send("hello");
  await expect(chat.answers.last().locator(".body")).toContainText("said");
  await chat.page.close();
  await expect.poll(() => fakeHostLog(sotto.profile).at(-1)?.type).toBe("cancel");
});

for (const [behaviour, side] of [
  ["old", "Update the host."],
  ["new", "Update Sotto in the browser."],
] as const) {
  test(`a host with ${behaviour === "old" ? "an older" : "a newer"} protocol: the options say which side to update`, async ({
    launch,
  }) => {
    const sotto = await launch(fake(behaviour));
    const page = await sotto.context.newPage();
    await page.goto(`chrome-extension://${sotto.extensionId}/options.html`);
    await expect(page.locator("#host-state")).toContainText(side);
    await expect(page.locator("#host-facts")).toBeHidden();
    // Not kept: an updated one is to be found.
    await expect.poll(() => isAlive(fakeHostLog(sotto.profile)[0]?.pid ?? 0)).toBe(false);
  });
}

test("the options show the host's state", async ({ launch }) => {
  const sotto = await launch(fake("answer"));
  const page = await sotto.context.newPage();
  await page.goto(`chrome-extension://${sotto.extensionId}/options.html`);
  await expect(page.locator("#host-state")).toHaveText("The host answers.");
  await expect(page.locator("#host-model")).toHaveText("fake-model");
  await expect(page.locator("#host-device")).toHaveText("fake NPU");
  await page.click("#use-host");
  await expect(page.locator("#host-state")).toContainText("Not in use");
  await expect.poll(() => isAlive(fakeHostLog(sotto.profile)[0]?.pid ?? 0)).toBe(false);
});

test("no host is installed: the options say so", async ({ launch }) => {
  const sotto = await launch();
  const page = await sotto.context.newPage();
  await page.goto(`chrome-extension://${sotto.extensionId}/options.html`);
  await expect(page.locator("#host-state")).toContainText("not installed");
});

test("a host that belongs to another extension: the options say so", async ({ launch }) => {
  const other = [`chrome-extension://${"a".repeat(32)}/`];
  const sotto = await launch({ prepare: (profile) => installFakeHost(profile, "answer", other) });
  const page = await sotto.context.newPage();
  await page.goto(`chrome-extension://${sotto.extensionId}/options.html`);
  await expect(page.locator("#host-state")).toContainText("sotto-host install");
  expect(fakeHostLog(sotto.profile)).toEqual([]);
});
