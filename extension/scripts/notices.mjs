// The licences of the npm packages that end up in the extension, as they ask to be shipped along.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * @param {string} extensionDir folder with package.json; its `dependencies` are what is bundled
 * @returns {Promise<string>}
 */
export async function thirdPartyNotices(extensionDir) {
  const { dependencies } = JSON.parse(await readFile(join(extensionDir, "package.json"), "utf8"));
  const parts = [];
  for (const name of Object.keys(dependencies).sort()) {
    const folder = join(extensionDir, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`the package ${name} has no licence file`);
    const text = await readFile(join(folder, file), "utf8");
    parts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return parts.join(`\n${"-".repeat(72)}\n\n`);
}
