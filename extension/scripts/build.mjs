// Writes the unpacked extension into dist/chromium and dist/demo. dist/demo differs in the manifest alone: it may run on
// localhost and talk to the host without a permission prompt, which nobody can click in a headless browser. Fails with one clear sentence
// when a part that other folders build (the wasm package, the model pack) is missing.
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { thirdPartyNotices } from "./notices.mjs";
import { packFiles } from "./pack-files.mjs";

const extensionDir = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const rootDir = resolve(extensionDir, "..");
const wasmDir = join(extensionDir, "src", "wasm");
const packDir = resolve(process.env.SOTTO_PACK ?? join(rootDir, "models", "packs", "sotto-nano"));
const demoHosts = ["http://localhost/*", "http://127.0.0.1/*"];

/** Pages with a script, a style sheet and an HTML file each, named after their folder in src. */
const pages = ["popup", "options", "onboarding", "consent"];

/** Scripts that are injected into a page when the user asks for it, and not before. */
const onDemand = ["selection", "card", "readable"];

try {
  await main();
} catch (error) {
  console.error(`build: ${error.message}`);
  process.exitCode = 1;
}

async function main() {
  await requireFile(
    join(wasmDir, "sotto_wasm_bg.wasm"),
    "the wasm package is missing from extension/src/wasm; run scripts/build-wasm first",
  );
  const pack = await packFiles(packDir);
  const out = join(rootDir, "dist", "chromium");
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await bundle(out);
  await copyStatic(out, pack);

  const manifest = JSON.parse(await readFile(join(rootDir, "manifest.json"), "utf8"));
  await writeManifest(out, manifest);

  const demo = join(rootDir, "dist", "demo");
  await rm(demo, { recursive: true, force: true });
  await cp(out, demo, { recursive: true });
  const { optional_permissions: asked, ...rest } = manifest;
  const permissions = [...manifest.permissions, ...asked];
  await writeManifest(demo, { ...rest, permissions, host_permissions: demoHosts });
  console.log("build: dist/chromium and dist/demo are ready");
}

async function bundle(out) {
  const common = {
    absWorkingDir: extensionDir,
    bundle: true,
    outdir: out,
    target: ["chrome123"],
    charset: "utf8",
    legalComments: "none",
    minifySyntax: true,
    logLevel: "warning",
    alias: { "sotto-wasm": "./src/wasm/sotto_wasm.js" },
  };
  await build({
    ...common,
    format: "iife",
    entryPoints: [
      { in: "src/background/main.ts", out: "background" },
      { in: "src/content/main.ts", out: "content" },
      { in: "src/chat/main.ts", out: "chat" },
      ...pages.map((page) => ({ in: `src/${page}/main.ts`, out: page })),
      ...[...pages, "sidepanel"].map((page) => ({ in: `src/${page}/${page}.css`, out: page })),
    ],
  });
  await build({
    ...common,
    format: "iife",
    // The card's style sheet lives in its shadow root.
    loader: { ".css": "text" },
    entryPoints: onDemand.map((name) => ({ in: `src/${name}/main.ts`, out: name })),
  });
  // Modules: the wasm-bindgen glue uses `import.meta`.
  await build({
    ...common,
    format: "esm",
    entryPoints: [
      { in: "src/engine/main.ts", out: "engine" },
      { in: "src/engine/worker/main.ts", out: "worker" },
    ],
  });
}

async function copyStatic(out, pack) {
  await cp(join(extensionDir, "src", "engine", "engine.html"), join(out, "engine.html"));
  for (const page of [...pages, "sidepanel"]) {
    await cp(join(extensionDir, "src", page, `${page}.html`), join(out, `${page}.html`));
  }
  await writeFile(join(out, "THIRD-PARTY-NOTICES.txt"), await thirdPartyNotices(extensionDir));
  await cp(join(extensionDir, "icons"), join(out, "icons"), {
    recursive: true,
    filter: (path) => !path.endsWith(".svg"),
  });
  await cp(join(extensionDir, "_locales"), join(out, "_locales"), { recursive: true });
  await cp(join(wasmDir, "sotto_wasm_bg.wasm"), join(out, "sotto_wasm_bg.wasm"));
  for (const file of pack) {
    await cp(join(packDir, file), join(out, "models", "sotto-nano", file));
  }
}

async function writeManifest(dir, manifest) {
  await writeFile(join(dir, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

async function requireFile(path, message) {
  try {
    await readFile(path, { flag: "r" });
  } catch {
    throw new Error(message);
  }
}
