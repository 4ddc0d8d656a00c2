// Renders icons/icon.svg to the PNG sizes that the manifest names. The PNGs are committed; run this after changing the SVG.
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";

const iconsDir = join(resolve(dirname(fileURLToPath(import.meta.url)), ".."), "icons");
const svg = await readFile(join(iconsDir, "icon.svg"), "utf8");
const browser = await chromium.launch({
  executablePath: process.env.SOTTO_CHROMIUM ?? "/usr/bin/chromium",
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
const page = await browser.newPage();
for (const size of [16, 32, 48, 128]) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>html,body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  await writeFile(join(iconsDir, `${size}.png`), await page.screenshot({ omitBackground: true }));
}
await browser.close();
