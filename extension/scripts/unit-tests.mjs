// Bundles the unit tests (TypeScript, pure parts only) into a temporary folder and runs them with node's own runner.
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const extensionDir = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const tests = (await readdir(join(extensionDir, "test"))).filter((name) => name.endsWith(".test.ts"));
// Below node_modules, where the one package that cannot be bundled is found.
const outdir = await mkdtemp(join(extensionDir, "node_modules", ".sotto-unit-"));
try {
  await build({
    absWorkingDir: extensionDir,
    entryPoints: tests.map((name) => join("test", name)),
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    external: ["jsdom"],
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: "inline",
    logLevel: "warning",
  });
  const files = tests.map((name) => join(outdir, name.replace(/\.ts$/, ".mjs")));
  const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], {
    cwd: extensionDir,
    stdio: "inherit",
  });
  process.exitCode = run.status ?? 1;
} finally {
  await rm(outdir, { recursive: true, force: true });
}
