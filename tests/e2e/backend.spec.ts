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

test("without WebGPU the model runs on WebAssembly, and the popup says why", async ({
  launch,
  open,
  field,
  prompt,
}) => {
  const sotto = await launch({ args: NO_WEBGPU });
  const page = await open("/textarea.html", { sotto });
  const typed = field(page, {}, sotto);
  await typed.focus();
  await typed.type(prompt.text);
  expect(await typed.ghost(60_000)).toBe(prompt.suggestion);
  expect(await sotto.engineStatus()).toMatchObject({
    type: "ready",
    engine: { backend: "wasm", backendReason: "webgpuAbsent" },
  });
  const text = await popupText(sotto, page, /WebAssembly/i, 15_000);
  expect(text).toMatch(/no WebGPU|WebGPU is (absent|missing|not available)|does not (have|offer) WebGPU/i);
});

test("asked for WebGPU where there is none, it falls back to WebAssembly with the reason", async ({
  launch,
  open,
  field,
  prompt,
}) => {
  const sotto = await launch({ args: NO_WEBGPU });
  await sotto.setSettings({ backend: "webgpu" });
  const page = await open("/textarea.html", { sotto });
  const typed = field(page, {}, sotto);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost(60_000);
  expect(await sotto.engineStatus()).toMatchObject({
    type: "ready",
    engine: { backend: "wasm", backendReason: "webgpuAbsent" },
  });
});
