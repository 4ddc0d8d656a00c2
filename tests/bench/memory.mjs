// Memory of the extension's processes: the private part (PSS) on Linux, where /proc tells it.

import { readFile } from "node:fs/promises";

/**
 * Proportional set size of the extension's renderer (offscreen page, worker, model) and, where WebGPU runs, nothing of the
 * GPU process: that one is shared with every page.
 * @param {import("../e2e/lib/browser.mjs").Sotto} sotto
 * @returns {Promise<number>} in MiB; 0 where /proc does not tell
 */
export async function extensionMemoryMiB(sotto) {
  const session = await sotto.context.browser()?.newBrowserCDPSession();
  if (!session) return 0;
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  let total = 0;
  for (const { type, id } of processInfo) {
    if (type !== "renderer") continue;
    const command = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
    if (!command.includes("--extension-process")) continue;
    const rollup = await readFile(`/proc/${id}/smaps_rollup`, "utf8").catch(() => "");
    total += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1024;
  }
  return total;
}
