// The chat in popup and side panel, with a host that answers by rote.

import { expect, test } from "./fixtures";
import { Chat } from "./lib/chat";
import { fakeHostLog, installFakeHost } from "./lib/host.mjs";

const fake = (behaviour: string) => ({ prepare: (profile: string) => installFakeHost(profile, behaviour) });

test("the real popup: chat beside the switches, about the page in front", async ({ launch, open }) => {
  const sotto = await launch(fake("answer"));
  const page = await open("/article.html", { sotto });
  const popup = await sotto.openPopup(page);
  await expect.poll(() => popup.text()).toContain("localhost");
  // The chat costs nothing before somebody goes there.
  expect(await popup.evaluate<number>("document.querySelectorAll('#chat *').length")).toBe(0);
  await popup.click("#tab-chat");
  await expect
    .poll(() => popup.evaluate<boolean>("document.querySelector('#chat')?.dataset.ready === 'true'"))
    .toBe(true);
  await popup.click("#chat-use-page");
  await expect.poll(() => popup.text()).toContain("Answers take account of: The lighthouse of Skerry Point");
  await popup.evaluate(
    "document.querySelector('#chat-input').value = 'what?'; document.querySelector('#chat-form').requestSubmit()",
  );
  await expect.poll(() => popup.text()).toContain("You said what? about The lighthouse of Skerry Point.");
  await popup.close();

  // Opened again, the chat is where it was.
  const again = await sotto.openPopup(page);
  await expect.poll(() => again.text()).toContain("You said what?");
  await again.close();
});

test("a popup that closes in the middle keeps what was written", async ({ launch, open }) => {
  const sotto = await launch(fake("endless"));
  const page = await open("/article.html", { sotto });
  const popup = await sotto.openPopup(page);
  await popup.click("#tab-chat");
  await expect
    .poll(() => popup.evaluate<boolean>("document.querySelector('#chat')?.dataset.ready === 'true'"))
    .toBe(true);
  await popup.evaluate(
    "document.querySelector('#chat-input').value = 'go'; document.querySelector('#chat-form').requestSubmit()",
  );
  await expect.poll(() => popup.text()).toMatch(/(You said go\. ){30}/);
  await popup.close();
  await expect.poll(() => fakeHostLog(sotto.profile).at(-1)?.type).toBe("cancel");
  const chat = await Chat.open(sotto);
  await expect(chat.answers.last()).toContainText("Stopped.");
  await expect(chat.answers.last().locator(".body")).toContainText("You said go. You said go.");
});

test("with the keyboard alone: send, stop, try again, new chat", async ({ launch }) => {
  const sotto = await launch(fake("endless"));
  const chat = await Chat.open(sotto, "sidepanel.html");
  await expect(chat.input).toBeFocused();
  await chat.page.keyboard.type("line one");
  await chat.page.keyboard.press("Shift+Enter");
  await chat.page.keyboard.type("line two");
  await expect(chat.input).toHaveValue("line one\nline two");
  await chat.page.keyboard.press("Enter");
  await expect(chat.input).toHaveValue("");
  await expect(chat.answers.last().locator(".body")).toContainText("You said");
  await chat.page.keyboard.press("Escape");
  await expect(chat.answers.last()).toContainText("Stopped.");

  await installFakeHost(sotto.profile, "endless");
  await chat.answers.last().locator(".retry").focus();
  await chat.page.keyboard.press("Enter");
  await expect(chat.answers).toHaveCount(1);
  await expect(chat.answers.last().locator(".body")).toContainText("You said");
  await expect(chat.input).toBeFocused();
  await chat.page.keyboard.press("Escape");
  await chat.page.locator("#chat-new").focus();
  await chat.page.keyboard.press("Enter");
  await expect(chat.page.locator(".message")).toHaveCount(0);
});

test("what a model writes is never run and never loads anything", async ({ launch }) => {
  const sotto = await launch(fake("answer"));
  const chat = await Chat.open(sotto);
  const attack = '<img src="https://sotto.invalid/x.png" onerror="window.hit=1"> ![i](https://sotto.invalid/y.png)';
  await chat.send(`${attack} [a](javascript:window.hit=1) [b](https://sotto.invalid/z)`);
  const answer = await chat.done();
  await expect(answer.locator(".body")).toContainText("onerror");
  await expect(answer.locator(".body img")).toHaveCount(0);
  await expect(answer.locator(".body a[href]")).toHaveCount(1);
  await expect(answer.locator(".body a[href]")).toHaveAttribute("rel", /noopener/);
  expect(await chat.page.evaluate(() => "hit" in window)).toBe(false);
  expect(sotto.guard?.seen).toEqual([]);
});

test("copy puts the answer on the clipboard", async ({ launch }) => {
  const sotto = await launch(fake("answer"));
  const chat = await Chat.open(sotto);
  await chat.send("hi");
  const answer = await chat.done();
  await answer.locator(".copy").click();
  await expect(answer.locator(".copy")).toHaveText("Copied");
  await chat.input.click();
  await chat.page.keyboard.press("ControlOrMeta+v");
  await expect(chat.input).toHaveValue("You said **hi**.");
});

test("chats are forgotten with the session, unless the user keeps them, and deleting them sticks", async ({
  launch,
}) => {
  const sotto = await launch(fake("answer"));
  const chat = await Chat.open(sotto);
  await chat.send("not kept");
  await chat.done();
  const own = await sotto.controlPage();
  const stored = () => own.evaluate(async () => JSON.stringify(await chrome.storage.local.get(null)));
  expect(await stored()).not.toContain("not kept");

  await sotto.setSettings({ keepChats: true });
  await chat.page.click("#chat-new");
  await chat.send("kept");
  await chat.done();
  await expect.poll(stored).toContain("kept");
  await chat.page.click("#chat-new");
  await chat.page.click("#chat-earlier summary");
  await chat.page.click("#chat-earlier-list .open");
  await expect(chat.answers.last().locator(".body")).toContainText("You said kept.");

  const options = await sotto.context.newPage();
  await options.goto(`chrome-extension://${sotto.extensionId}/options.html`);
  await expect(options.locator("#kept-chats")).toHaveText("Chats stored: 1");
  await options.click("#delete-chats");
  await expect.poll(stored).not.toContain("kept.");
  await expect(chat.page.locator(".message")).toHaveCount(0);
  expect(JSON.stringify(await own.evaluate(() => chrome.storage.session.get("chat")))).not.toContain("kept");
});

test("popup and side panel show the same chat", async ({ launch }) => {
  const sotto = await launch(fake("answer"));
  const [popup, panel] = [await Chat.open(sotto), await Chat.open(sotto, "sidepanel.html")];
  await popup.send("from the popup");
  await popup.done();
  await expect(panel.answers.last().locator(".body")).toContainText("You said from the popup.");
  await panel.page.click("#chat-new");
  await expect(popup.page.locator(".message")).toHaveCount(0);
});

test("no answer and no question is in a log", async ({ launch }) => {
  const sotto = await launch(fake("die"));
  const lines: string[] = [];
  sotto.context.on("console", (message) => lines.push(message.text()));
  const chat = await Chat.open(sotto);
  await chat.send("a very secret question");
  await chat.done();
  expect(lines.filter((line) => line.includes("secret") || line.includes("You said"))).toEqual([]);
});
