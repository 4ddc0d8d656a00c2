// Nothing leaves the machine. Every other test watches for that too; this one shows that the watching works.

import { expect, test } from "./fixtures";
import { launchSotto } from "./lib/browser.mjs";

test("the guard sees what a page sends elsewhere", async ({ pages }) => {
  const sotto = await launchSotto();
  try {
    const page = await sotto.context.newPage();
    await page.goto(`${pages.origin}/textarea.html`);
    await page.evaluate(() => fetch("https://sotto.invalid/letters").catch(() => undefined));
    await expect.poll(() => sotto.guard?.seen).toEqual(["CONNECT sotto.invalid:443"]);
  } finally {
    await sotto.close();
  }
});

test("the extension's own pages cannot connect to anything, not even to this machine", async ({ sotto, pages }) => {
  const page = await sotto.context.newPage();
  await page.goto(`chrome-extension://${sotto.extensionId}/options.html`);
  const outcome = await page.evaluate(
    (origin) =>
      fetch(origin).then(
        () => "answered",
        () => "refused",
      ),
    pages.origin,
  );
  expect(outcome).toBe("refused");
  await page.close();
});
