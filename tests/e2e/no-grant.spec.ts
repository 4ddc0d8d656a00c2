// The extension as it ships: until the user grants a site, no page gets anything of it.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "./fixtures";
import { SHIPPED } from "./lib/browser.mjs";
import { foreignMutations } from "./lib/field";
import { countReads } from "./lib/reads.mjs";

test("nothing is injected before a grant", async ({ launch, open, field, prompt }) => {
  const sotto = await launch({ extension: SHIPPED });
  const page = await open("/textarea.html", { sotto });
  const reads = await countReads(page, sotto.extensionId);
  const typed = field(page, {}, sotto);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.holds(prompt.text);
  await typed.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("after");
  expect(reads.worlds, "scripts of the extension in the page").toBe(0);
  expect(await typed.hosts()).toBe(0);
  expect(await foreignMutations(page.mainFrame())).toEqual([]);
});

test("the shipped manifest asks for no site at install and lets nothing connect out", async () => {
  const manifest = JSON.parse(await readFile(join(SHIPPED, "manifest.json"), "utf8"));
  expect(manifest.host_permissions ?? []).toEqual([]);
  expect(manifest.content_scripts ?? []).toEqual([]);
  for (const warned of ["tabs", "history", "webNavigation", "<all_urls>", "clipboardRead", "nativeMessaging"]) {
    expect(manifest.permissions).not.toContain(warned);
  }
  const policy: string = manifest.content_security_policy.extension_pages;
  expect(policy).toContain("connect-src 'self'");
  expect(policy).not.toMatch(/'unsafe-eval'|'unsafe-inline'|https?:|\*/);
});
