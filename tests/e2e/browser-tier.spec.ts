// No host, or none that can be used: the model in the browser answers both uses, says so, and says why.

import { expect, test } from "./fixtures";
import { cardOf } from "./lib/card.mjs";
import { Chat } from "./lib/chat";
import { fakeHostLog, installFakeHost } from "./lib/host.mjs";
import { selectIn } from "./lib/select";

/** The first answer waits for the model to load. */
const FIRST_MS = 60_000;

/** Words without their spacing: a summary may break lines elsewhere. */
const flat = (text: string) => text.replace(/\s+/g, " ").trim();

test("no host: a summary by the context menu, in sentences of the text itself, labelled so", async ({
  launch,
  open,
}) => {
  const sotto = await launch();
  const page = await open("/article.html", { sotto });
  const card = await cardOf(page);
  await selectIn(page.mainFrame(), "#article");
  const article = flat((await page.locator("#article").textContent()) ?? "");
  await sotto.summarize(page, { menu: { frameId: 0, selectionText: "x" } });
  await expect.poll(() => card.text(".label"), { timeout: FIRST_MS }).not.toBe("");
  expect(await card.text(".label")).toBe("Extractive: sentences from the text itself");
  const summary = flat(await card.text(".text"));
  expect(summary.length).toBeGreaterThan(40);
  expect(summary.length).toBeLessThan(article.length / 2);
  for (const sentence of summary.match(/[^.]+\./g) ?? []) expect(article).toContain(sentence.trim());
  expect(await card.text("summary")).toContain("In this browser");
  await card.click("summary");
  expect(await card.text(".details")).toContain("The Sotto host is not installed.");
});

test("no host: the length of a summary is the user's choice", async ({ launch, open }) => {
  const sotto = await launch();
  const page = await open("/article.html", { sotto });
  const card = await cardOf(page);
  await selectIn(page.mainFrame(), "#article");
  await sotto.summarize(page);
  await expect.poll(() => card.text(".label"), { timeout: FIRST_MS }).not.toBe("");
  const lengths: number[] = [];
  for (const length of ["short", "long"]) {
    await card.evaluate(
      `const select = root.querySelector("select"); select.value = ${JSON.stringify(length)};
       select.dispatchEvent(new Event("change"));`,
    );
    await expect.poll(() => card.text(".label")).not.toBe("");
    lengths.push((await card.text(".text")).length);
  }
  expect(lengths[0]).toBeLessThan(lengths[1] ?? 0);
});

test("no host: a chat by the popup, with its engine and the reason", async ({ launch }) => {
  const sotto = await launch();
  const chat = await Chat.open(sotto);
  await chat.send("What is the capital of France?");
  const answer = await chat.done(FIRST_MS);
  await expect(answer.locator(".problem")).toBeHidden();
  await expect(answer.locator(".body")).not.toBeEmpty();
  await expect(answer.locator(".badge")).toContainText("In this browser");
  await answer.locator(".badge").click();
  await expect(answer.locator(".engine")).toContainText("The Sotto host is not installed.");
  await expect(answer.locator(".engine")).toContainText("may be wrong");
});

test("the host is switched off: nothing of it is started, and the answer says so", async ({ launch }) => {
  const sotto = await launch({ prepare: (profile) => installFakeHost(profile, "answer") });
  await sotto.setSettings({ useHost: false });
  const chat = await Chat.open(sotto);
  await chat.send("What is the capital of France?");
  const answer = await chat.done(FIRST_MS);
  await answer.locator(".badge").click();
  await expect(answer.locator(".engine")).toContainText("The host is not in use");
  expect(fakeHostLog(sotto.profile)).toEqual([]);
});

for (const [behaviour, side] of [
  ["old", "Update the host."],
  ["new", "Update Sotto in the browser."],
] as const) {
  test(`a host with ${behaviour === "old" ? "an older" : "a newer"} protocol: the browser answers and says which side to update`, async ({
    launch,
  }) => {
    const sotto = await launch({ prepare: (profile) => installFakeHost(profile, behaviour) });
    const chat = await Chat.open(sotto);
    await chat.send("What is the capital of France?");
    const answer = await chat.done(FIRST_MS);
    await expect(answer.locator(".problem")).toBeHidden();
    await answer.locator(".badge").click();
    await expect(answer.locator(".engine")).toContainText(side);
  });
}

test("a summary does not cost the suggestions: the next keystroke has its own", async ({
  launch,
  open,
  field,
  prompt,
}) => {
  const sotto = await launch();
  const page = await open("/article.html", { sotto });
  const card = await cardOf(page);
  await selectIn(page.mainFrame(), "#article");
  await sotto.summarize(page);
  await expect.poll(() => card.text(".label"), { timeout: FIRST_MS }).not.toBe("");
  await page.keyboard.press("Escape");
  const typed = field(page, {}, sotto);
  await typed.replace(prompt.text);
  // The first of its words: how many are shown depends on what was suggested while the text was being typed.
  const [first = ""] = prompt.suggestion.split(" ");
  expect(await typed.ghost()).toContain(first);
});

test("the engine page is killed in the middle of an answer: the next request works", async ({ launch, open }) => {
  const sotto = await launch();
  const page = await open("/article.html", { sotto });
  const card = await cardOf(page);
  await selectIn(page.mainFrame(), "#article");
  await sotto.summarize(page);
  await expect.poll(() => card.text(".state")).not.toBe("");
  await sotto.kill("engine").catch(() => undefined);
  // Either the kill was in the middle, or the summary was faster.
  await expect
    .poll(async () => (await card.text(".error")) + (await card.text(".label")), { timeout: FIRST_MS })
    .not.toBe("");
  await card.click(".again");
  await expect.poll(() => card.text(".label"), { timeout: FIRST_MS }).toContain("Extractive");
});
