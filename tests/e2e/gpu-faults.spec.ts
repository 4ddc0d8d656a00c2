// What graphics cards and their drivers do on bad days: whatever it is, the next keystroke is answered by WebAssembly, and
// the popup says why. SwiftShader stands in for a card; the user asked for WebGPU, or it would not be used here.

import { expect, test } from "./fixtures";
import { SOFTWARE_WEBGPU } from "./lib/browser.mjs";
import { extensionWithPrelude } from "./lib/extension-copy.mjs";

interface Fault {
  name: string;
  /** Runs in the engine's worker before its own code. */
  prelude: string;
  reason: string;
  /** What the popup says. */
  words: RegExp;
}

const FAULTS: Fault[] = [
  {
    name: "a shader does not compile",
    prelude: `const make = GPUDevice.prototype.createShaderModule;
      GPUDevice.prototype.createShaderModule = function (d) { return make.call(this, { ...d, code: "no shader" }); };`,
    reason: "webgpuCrashedBefore",
    words: /WebAssembly.*WebGPU crashed or hung/is,
  },
  {
    name: "there is no memory for the weights",
    prelude: `const make = GPUDevice.prototype.createBuffer;
      GPUDevice.prototype.createBuffer = function (d) {
        return make.call(this, d.size > 1e6 ? { ...d, size: 2 ** 45 } : d);
      };`,
    reason: "webgpuCrashedBefore",
    words: /WebAssembly.*WebGPU crashed or hung/is,
  },
  {
    name: "the adapter is gone after the first look at it",
    prelude: `const request = GPU.prototype.requestAdapter;
      let looks = 0;
      GPU.prototype.requestAdapter = function (options) {
        looks += 1;
        return looks === 1 ? request.call(this, options) : Promise.resolve(null);
      };`,
    reason: "webgpuNoAdapter",
    words: /WebAssembly.*WebGPU found no usable graphics adapter/is,
  },
  {
    name: "the device is lost while the model is tried",
    prelude: `const submit = GPUQueue.prototype.submit;
      const requestDevice = GPUAdapter.prototype.requestDevice;
      const devices = [];
      GPUAdapter.prototype.requestDevice = async function (d) {
        const device = await requestDevice.call(this, d);
        devices.push(device);
        return device;
      };
      let work = 0;
      GPUQueue.prototype.submit = function (buffers) {
        submit.call(this, buffers);
        work += 1;
        if (work === 3) for (const device of devices) device.destroy();
      };`,
    reason: "webgpuLost",
    words: /WebAssembly.*WebGPU device was lost/is,
  },
];

for (const { name, prelude, reason, words } of FAULTS) {
  test(`${name}: WebAssembly answers, and the popup says why`, async ({ launch, open, field, prompt }) => {
    test.setTimeout(180_000);
    const { extension, remove } = await extensionWithPrelude(prelude);
    try {
      const sotto = await launch({ args: SOFTWARE_WEBGPU, extension });
      await sotto.setSettings({ backend: "webgpu" });
      const page = await open("/textarea.html", { sotto });
      const typed = field(page, {}, sotto);
      await typed.focus();
      await typed.write(prompt.text);
      expect(await typed.ghost(120_000)).toBe(prompt.suggestion);
      expect(await sotto.engineStatus()).toMatchObject({
        type: "ready",
        engine: { backend: "wasm", backendReason: reason },
      });
      const popup = await sotto.openPopup(page);
      await expect.poll(() => popup.text()).toMatch(words);
      await popup.close();
    } finally {
      await remove();
    }
  });
}

test("the graphics process dies while somebody types: the next keystroke is answered by WebAssembly", async ({
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
  const engine = { backend: "webgpu", backendReason: "requested" };
  await expect.poll(() => sotto.engineStatus(), { timeout: 240_000 }).toMatchObject({ type: "ready", engine });
  await typed.write(prompt.text.slice(0, 3));
  await sotto.crashGpu();
  await typed.write(prompt.text.slice(3));
  expect(await typed.ghost(60_000)).toBe(prompt.suggestion);
  expect(await sotto.engineStatus()).toMatchObject({
    type: "ready",
    engine: { backend: "wasm", backendReason: "webgpuLost" },
  });
});
