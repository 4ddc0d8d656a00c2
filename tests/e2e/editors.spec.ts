// Every kind of field: a suggestion shows, the page stays as it was until Tab, and undo gives back what was typed.

import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { type FieldPlace, foreignMutations } from "./lib/field";

interface Editor {
  name: string;
  path: string;
  place?: FieldPlace;
  prepare?: (page: Page) => Promise<void>;
  /** The page changes itself while it is typed in; what it does without Sotto is the measure then. */
  changesItself?: boolean;
  /** What the page's own code believes the text to be. */
  model?: (page: Page) => Promise<string>;
}

const EDITORS: Editor[] = [
  { name: "textarea", path: "/textarea.html" },
  { name: "text input", path: "/input.html" },
  { name: "search input", path: "/input.html", place: { selector: "#search" } },
  { name: "contenteditable", path: "/contenteditable.html" },
  { name: "plain-text contenteditable", path: "/contenteditable.html", place: { selector: "#plain" } },
  {
    name: "React input",
    path: "/react.html",
    place: { selector: "#react-input" },
    changesItself: true,
    model: (page) => page.evaluate(() => window.reactState.line),
  },
  {
    name: "React textarea",
    path: "/react.html",
    place: { selector: "#react-textarea" },
    changesItself: true,
    model: (page) => page.evaluate(() => window.reactState.text),
  },
  {
    name: "editor that controls beforeinput",
    path: "/beforeinput.html",
    changesItself: true,
    model: (page) => page.evaluate(() => window.editorState.text),
  },
  {
    name: "modal dialog",
    path: "/dialog.html",
    prepare: (page) => page.click("#open"),
    changesItself: true,
  },
  { name: "textarea in an open shadow root", path: "/shadow.html", place: { selector: "#outer #field" } },
  { name: "rich text in an open shadow root", path: "/shadow.html", place: { selector: "#rich #editor" } },
  { name: "frame of the same origin", path: "/iframes.html", place: { frame: "same" } },
  { name: "about:blank frame written by the page", path: "/iframes.html", place: { frame: "blank" } },
  { name: "srcdoc frame", path: "/iframes.html", place: { frame: "srcdoc" } },
  { name: "frame of another origin", path: "/iframes.html", place: { frame: "cross" } },
];

for (const editor of EDITORS) {
  test(`${editor.name}: shows, leaves the page alone, accepts, undoes`, async ({
    sotto,
    open,
    field,
    pages,
    prompt,
  }) => {
    let ofThePage: unknown[] = [];
    if (editor.changesItself) {
      await sotto.setSettings({ offSites: [pages.origin] });
      const without = await open(editor.path);
      await editor.prepare?.(without);
      await field(without, editor.place).focus();
      await without.keyboard.type(prompt.text);
      ofThePage = await foreignMutations(without.mainFrame());
      await without.close();
      await sotto.setSettings({});
    }
    const page = await open(editor.path);
    await editor.prepare?.(page);
    const typed = field(page, editor.place);
    await typed.focus();
    await typed.type(prompt.text);
    const ghost = await typed.ghost();
    expect(ghost.length).toBeGreaterThan(0);

    // Nothing but the overlay's host is new, in the field's document and in the page around it.
    await typed.holds(prompt.text);
    if (editor.model) expect(await editor.model(page)).toBe(prompt.text);
    for (const frame of new Set([typed.frame, page.mainFrame()])) {
      expect(await foreignMutations(frame)).toEqual(ofThePage);
    }

    await typed.press("Tab");
    await typed.holds(prompt.text + ghost);
    if (editor.model) expect(await editor.model(page)).toBe(prompt.text + ghost);
    expect(await typed.isFocused()).toBe(true);

    await typed.press("ControlOrMeta+z");
    await typed.holds(prompt.text);
    if (editor.model) expect(await editor.model(page)).toBe(prompt.text);
    expect(await typed.isFocused()).toBe(true);
    expect(await page.evaluate(() => window.record?.errors)).toEqual([]);
  });
}

test("the text that is accepted reaches the page as trusted input", async ({ open, field, prompt }) => {
  const page = await open("/textarea.html");
  const typed = field(page);
  await typed.focus();
  await typed.type(prompt.text);
  const ghost = await typed.ghost();
  const before = await page.evaluate(() => window.record?.inputs.length ?? 0);
  await typed.press("Tab");
  await typed.holds(prompt.text + ghost);
  const inputs = await page.evaluate((before) => window.record?.inputs.slice(before), before);
  expect(inputs).toEqual([{ type: "insertText", trusted: true, target: "textarea#field" }]);
});

test("a field in a closed shadow root is out of reach, and works as if Sotto were not there", async ({
  sotto,
  open,
  prompt,
}) => {
  const page = await open("/shadow.html");
  const host = page.locator("#closed");
  await host.evaluate((element) => (element as HTMLElement & { type(): void }).type());
  await page.keyboard.type(prompt.text);
  expect(await host.evaluate((element) => (element as HTMLElement & { text(): string }).text())).toBe(prompt.text);
  // The same text in a field that can be reached: by then the other one would have had its answer too.
  await page.locator("#outer #field").click();
  await page.keyboard.type(prompt.text);
  await expect.poll(async () => (await sotto.inspect(page))?.visible).toBe(true);
  expect(await page.evaluate(() => window.record?.errors)).toEqual([]);
});
