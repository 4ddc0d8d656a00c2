// Writes dist/sotto-chromium.zip from dist/chromium. Reproducible: sorted names, one fixed date, no owner or mode, so
// the same input gives the same bytes on every machine with the same zlib.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { zip } from "./zip.mjs";

const rootDir = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");
const source = join(rootDir, "dist", "chromium");
const target = join(rootDir, "dist", "sotto-chromium.zip");

const entries = await readdir(source, { recursive: true, withFileTypes: true }).catch(() => {
  console.error("package: dist/chromium is missing; run `npm run build` first");
  process.exit(1);
});
const names = entries
  .filter((entry) => entry.isFile())
  .map((entry) =>
    relative(source, join(entry.parentPath ?? entry.path, entry.name))
      .split(sep)
      .join("/"),
  )
  .sort();
const files = await Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(source, name)) })));
const archive = zip(files);
await writeFile(target, archive);
console.log(`package: dist/sotto-chromium.zip, ${archive.length} bytes, ${files.length} files`);
