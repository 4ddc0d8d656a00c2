// Copies of the built extension, to be changed.

import { cp, link, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DEMO } from "./browser.mjs";

/**
 * A copy that `change` has changed. Its files are links: whoever changes one removes it first.
 * @param {(folder: string) => Promise<void>} change
 * @returns {Promise<{extension: string, remove: () => Promise<void>}>}
 */
export async function extensionCopy(change) {
  const extension = await mkdtemp(join(dirname(DEMO), "copy-"));
  const remove = () => rm(extension, { recursive: true, force: true });
  try {
    await copyTree(DEMO, extension);
    await change(extension);
  } catch (error) {
    await remove();
    throw error;
  }
  return { extension, remove };
}

/**
 * A copy whose engine runs `script` before its own: for faults of the browser that it does not have on demand.
 * @param {string} script
 */
export function extensionWithPrelude(script) {
  return extensionCopy(async (folder) => {
    const file = join(folder, "worker.js");
    const own = await readFile(file, "utf8");
    await rm(file);
    await writeFile(file, `${script}\n${own}`);
  });
}

/** Links instead of copies: 40 MB a test would be slow. @param {string} from @param {string} to */
async function copyTree(from, to) {
  for (const entry of await readdir(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, source.slice(from.length));
    await mkdir(dirname(target), { recursive: true });
    await link(source, target).catch(() => cp(source, target));
  }
}
