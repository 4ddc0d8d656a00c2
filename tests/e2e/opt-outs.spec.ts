// Fields that said no, and fields that are no place for a suggestion, are left alone and not read.

import { expect, test } from "./fixtures";
import { countReads } from "./lib/reads.mjs";

const WRITABLE = [
  "writingsuggestions",
  "inherited",
  "data-sotto",
  "data-sotto-inside",
  "grammarly",
  "spellcheck",
  "combobox",
  "datalist",
  "email",
  "number",
];

for (const id of WRITABLE) {
  test(`#${id} is left alone`, async ({ sotto, open, field, prompt }) => {
    const page = await open("/optouts.html");
    const reads = await countReads(page, sotto.extensionId);
    const refused = field(page, { selector: `#${id}` });
    await refused.focus();
    await refused.type(id === "number" ? "12" : prompt.text);
    await expect.poll(async () => (await refused.inspect())?.reason).toMatch(/^(offHere|secureField)$/);
    await refused.noGhost();
    expect(await reads.of(id)).toEqual({});
    await refused.press("Tab");
    expect(await refused.isFocused()).toBe(false);
  });
}

test("read-only and disabled fields are left alone", async ({ sotto, open, field }) => {
  const page = await open("/optouts.html");
  const reads = await countReads(page, sotto.extensionId);
  const readonly = field(page, { selector: "#readonly" });
  await readonly.focus();
  await readonly.press("End");
  await readonly.type("x");
  await readonly.noGhost();
  await readonly.holds("This text cannot be ");
  expect(await reads.of("readonly")).toEqual({});
  expect(await reads.of("disabled")).toEqual({});
});

test("the plain field on the same page gets its suggestion", async ({ open, field, prompt }) => {
  const page = await open("/optouts.html");
  const typed = field(page);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost();
});
