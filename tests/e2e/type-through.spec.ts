// Typing what the ghost says consumes it; typing anything else removes it at once.

import { expect, test } from "./fixtures";
import { hostChanges } from "./lib/field";
import { countRequests } from "./lib/requests.mjs";

test("typing the suggested characters keeps the rest on screen, without a flicker and without asking again", async ({
  sotto,
  open,
  field,
  prompt,
}) => {
  const page = await open("/textarea.html");
  const requests = await countRequests(page, sotto.extensionId);
  const typed = field(page);
  await typed.focus();
  await typed.write(prompt.text);
  const ghost = await typed.ghost();
  const shown = await hostChanges(typed.frame);
  const place = (await typed.inspect())?.ghostRect;
  if (!place) throw new Error("the suggestion has no place");
  const asked = await requests();
  expect(asked).toBeGreaterThan(0);

  // Up to the last word: there the next suggestion is fetched ahead.
  const steps = Math.max(0, ghost.trimEnd().lastIndexOf(" ") - 1);
  expect(steps).toBeGreaterThan(0);
  for (let count = 1; count <= steps; count += 1) {
    await typed.type(ghost.charAt(count - 1));
    const state = await typed.inspect();
    expect(state?.visible).toBe(true);
    expect(state?.text).toBe(ghost.slice(count));
    // What was typed is not drawn any more, and the rest stays where it was.
    expect(state?.ghostRect?.x).toBeGreaterThan(place.x);
    expect((state?.ghostRect?.x ?? 0) + (state?.ghostRect?.width ?? 0)).toBeCloseTo(place.x + place.width, 0);
  }
  expect(await hostChanges(typed.frame)).toEqual(shown);
  expect(await requests()).toBe(asked);
  await typed.press("Tab");
  await typed.holds(prompt.text + ghost);
});

test("typing something else removes the suggestion with that key", async ({ open, field, prompt }) => {
  const page = await open("/textarea.html");
  const typed = field(page);
  await typed.focus();
  await typed.type(prompt.text);
  const ghost = await typed.ghost();
  const wrong = ghost.startsWith("7") ? "8" : "7";
  // The host is gone before the page's own input handlers have finished, not after the next answer.
  await page.evaluate(() => {
    document.addEventListener("input", () => {
      requestAnimationFrame(() => {
        (window as unknown as { hostsAfterKey: number }).hostsAfterKey =
          document.querySelectorAll("sotto-ghost").length;
      });
    });
  });
  await typed.type(wrong);
  await expect.poll(() => page.evaluate(() => (window as unknown as { hostsAfterKey?: number }).hostsAfterKey)).toBe(0);
  await typed.holds(prompt.text + wrong);
});

test("moving the caret, clicking elsewhere or leaving the field removes the suggestion", async ({
  open,
  field,
  prompt,
}) => {
  const page = await open("/textarea.html");
  const typed = field(page);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost();
  await typed.press("ArrowLeft");
  await expect.poll(async () => (await typed.inspect())?.text ?? "").not.toBe(prompt.suggestion);

  await typed.replace(prompt.text);
  await typed.ghost();
  await page.locator("#after").click();
  await typed.noGhost();
  await typed.holds(prompt.text);
});

test("text that the page changes by itself makes the suggestion stale, and Tab inserts nothing", async ({
  open,
  field,
  prompt,
}) => {
  const page = await open("/textarea.html");
  const typed = field(page);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost();
  await typed.locator.evaluate((element) => {
    (element as HTMLTextAreaElement).value = "Written by the page.";
  });
  await typed.press("Tab");
  await typed.holds("Written by the page.");
  await typed.noGhost();
});
