// Where the model runs: WebAssembly, or WebGPU after its known-answer test. SwiftShader stands in for a GPU: it runs the
// same shaders, slowly.

import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { NO_WEBGPU, SOFTWARE_WEBGPU, type Sotto } from "./lib/browser.mjs";

/** The popup's text once the engine is no longer loading. */
async function popupText(sotto: Sotto, page: Page, expected: RegExp, timeout: number): Promise<string> {
  const popup = await sotto.openPopup(page);
  await expect.poll(() => popup.text(), { timeout }).toMatch(expected);
  const text = await popup.text();
  await popup.close();
  return text;
}

test("WebGPU on a software adapter passes the known-answer test and gives the text that WebAssembly gives", async ({
  launch,
  open,
  field,
  prompt,
}) => {
  test.setTimeout(300_000);
  const sotto = await launch({ args: SOFTWARE_WEBGPU });
  await sotto.setSettings({ backend: "webgpu" });
  const page = await open("/textarea.html", { sotto });
  const typed = field(page, {}, sotto);
  await typed.focus();
  await expect
    .poll(() => sotto.engineStatus(), { timeout: 240_000 })
    .toMatchObject({
      type: "ready",
      engine: { backend: "webgpu", backendReason: "requested" },
    });
  await typed.type(prompt.text);
  expect(await typed.ghost(120_000)).toBe(prompt.suggestion);
  const text = await popupText(sotto, page, /WebGPU/i, 15_000);
  expect(text).toContain("sotto-nano");
});

test("a software adapter is not chosen by itself: the model runs on WebAssembly, and the popup says why", async ({
  launch,
  open,
  field,
  prompt,
}) => {
  const sotto = await launch({ args: SOFTWARE_WEBGPU });
  const page = await open("/textarea.html", { sotto });
  const typed = field(page, {}, sotto);
  await typed.focus();
  await typed.type(prompt.text);
  expect(await typed.ghost(60_000)).toBe(prompt.suggestion);
  expect(await sotto.engineStatus()).toMatchObject({
    type: "ready",
    engine: { backend: "wasm", backendReason: "webgpuSoftware" },
  });
  await popupText(sotto, page, /WebAssembly.*software/is, 15_000);
});

for (const backend of ["auto", "webgpu"]) {
  test(`without a WebGPU adapter the model runs on WebAssembly, and the popup says why (asked for ${backend})`, async ({
    launch,
    open,
    field,
    prompt,
  }) => {
    const sotto = await launch({ args: NO_WEBGPU });
    await sotto.setSettings({ backend });
    const page = await open("/textarea.html", { sotto });
    const typed = field(page, {}, sotto);
    await typed.focus();
    await typed.type(prompt.text);
    expect(await typed.ghost(60_000)).toBe(prompt.suggestion);
    expect(await sotto.engineStatus()).toMatchObject({
      type: "ready",
      engine: { backend: "wasm", backendReason: "webgpuNoAdapter" },
    });
    await popupText(sotto, page, /WebAssembly.*WebGPU found no usable graphics adapter/is, 15_000);
  });
}
