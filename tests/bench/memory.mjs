// Memory of the extension's processes: what is theirs alone plus their share of the rest (PSS), on Linux, where /proc tells.

import { readFile } from "node:fs/promises";

/**
 * Proportional set sizes: of the extension's renderer (offscreen page, worker, model), and of the GPU process, which every
 * page shares and in which WebGPU keeps its buffers.
 * @param {import("../e2e/lib/browser.mjs").Sotto} sotto
 * @returns {Promise<{extensionMiB: number, gpuProcessMiB: number}>} 0 where /proc does not tell
 */
export async function memoryOf(sotto) {
  const memory = { extensionMiB: 0, gpuProcessMiB: 0 };
  const session = await sotto.context.browser()?.newBrowserCDPSession();
  if (!session) return memory;
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  for (const { type, id } of processInfo) {
    const command = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
    if (type === "GPU" || command.includes("--type=gpu-process")) memory.gpuProcessMiB += await proportionalMiB(id);
    else if (command.includes("--extension-process")) memory.extensionMiB += await proportionalMiB(id);
  }
  return memory;
}

/**
 * Of all pages' renderers together, the extension's aside: what one page costs is the difference that it makes.
 * @param {import("../e2e/lib/browser.mjs").Sotto} sotto
 * @returns {Promise<number>} proportional set size in MiB; 0 where /proc does not tell
 */
export async function rendererMiB(sotto) {
  const session = await sotto.context.browser()?.newBrowserCDPSession();
  if (!session) return 0;
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  let sum = 0;
  for (const { id } of processInfo) {
    const command = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
    if (command.includes("--type=renderer") && !command.includes("--extension-process"))
      sum += await proportionalMiB(id);
  }
  return sum;
}

/** @param {number} processId */
async function proportionalMiB(processId) {
  const rollup = await readFile(`/proc/${processId}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1024;
}
