// Passwords, one-time codes, cards and recovery phrases are never read: not their value, not their selection, not a key
// that is typed into them. Counted in the extension's own world, where its reads happen.

import { expect, test } from "./fixtures";
import { countReads } from "./lib/reads.mjs";

const SECRETS = [
  { name: "password", path: "/password.html", ids: ["field", "bare"], allowed: "allowed" },
  { name: "one-time code", path: "/otp.html", ids: ["field", "totp", "labelled"], allowed: "allowed" },
  { name: "card", path: "/card.html", ids: ["number", "expiry", "csc", "cvv", "named"], allowed: "allowed" },
  { name: "recovery phrase", path: "/seed.html", ids: ["field", "recovery", "key"], allowed: "allowed" },
];

for (const kind of SECRETS) {
  test(`${kind.name} fields are never read`, async ({ sotto, open, field, prompt }) => {
    const page = await open(kind.path);
    const reads = await countReads(page, sotto.extensionId);
    expect(reads.worlds, "the content script is there").toBeGreaterThan(0);

    // The instrument works: an ordinary field of the same page is read.
    const allowed = field(page, { selector: `#${kind.allowed}` });
    await allowed.focus();
    await allowed.type(prompt.text);
    await allowed.ghost();
    const counted = await reads.of(kind.allowed);
    expect(counted.value ?? 0, JSON.stringify(counted)).toBeGreaterThan(0);
    await allowed.press("Escape");

    for (const id of kind.ids) {
      const secret = field(page, { selector: `#${id}` });
      await secret.focus();
      await secret.type("hunter2 1234");
      await secret.silentBecause("secureField");
      await secret.press("ArrowLeft");
      await secret.press("Backspace");
      expect(await reads.of(id), `reads of #${id}`).toEqual({});
    }
  });
}

test("a password stays unread after 'show password'", async ({ sotto, open, field, prompt }) => {
  const page = await open("/password.html");
  const reads = await countReads(page, sotto.extensionId);
  const secret = field(page);
  await secret.focus();
  await secret.type("hunter2");
  await page.click("#show");
  expect(await secret.locator.getAttribute("type")).toBe("text");
  await secret.focus();
  await secret.type(prompt.text);
  await secret.silentBecause("secureField");
  expect(await reads.of("field")).toEqual({});
});

test("a password that was shown before anybody typed in it stays unread", async ({ sotto, open, field, prompt }) => {
  const page = await open("/password.html");
  const reads = await countReads(page, sotto.extensionId);
  await page.click("#show-bare");
  const secret = field(page, { selector: "#bare" });
  expect(await secret.locator.getAttribute("type")).toBe("text");
  await secret.focus();
  await secret.type(prompt.text);
  await secret.silentBecause("secureField");
  expect(await reads.of("bare")).toEqual({});
});
