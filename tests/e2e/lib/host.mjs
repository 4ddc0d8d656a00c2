// Native-messaging hosts for a test's own browser profile: the real one, installed by itself, or one that misbehaves.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const NAME = "app.sotto.host";

/** The extension's id, which its key in the manifest decides. */
export const EXTENSION_ID = "ccpcheklebdfldedechndmhmbailgkbj";

/** The built host; it may not be there. */
export const HOST_BINARY = resolve(process.env.SOTTO_HOST ?? resolve(HERE, "../../../dist/host/sotto-host"));

export const hasRealHost = () => existsSync(HOST_BINARY);

/**
 * Installs the real host for a profile, as a user would.
 * @param {string} profile
 */
export async function installRealHost(profile) {
  execFileSync(HOST_BINARY, ["install", "--profile", profile], { stdio: ["ignore", "ignore", "inherit"] });
}

/** Where a fake host of this profile writes what it did. @param {string} profile */
const logFile = (profile) => join(profile, "fake-host.log");

/**
 * Installs a host that behaves like `behaviour` of fake-host.mjs.
 * @param {string} profile
 * @param {string} behaviour
 * @param {string[]} [origins] extensions that it serves
 */
export async function installFakeHost(profile, behaviour, origins = [`chrome-extension://${EXTENSION_ID}/`]) {
  const script = join(profile, "fake-host.sh");
  const quoted = [process.execPath, join(HERE, "fake-host.mjs"), behaviour, logFile(profile)].map(
    (part) => `'${part}'`,
  );
  await writeFile(script, `#!/bin/sh\nexec ${quoted.join(" ")} "$@"\n`);
  await chmod(script, 0o755);
  const manifest = { name: NAME, description: "A fake host", path: script, type: "stdio", allowed_origins: origins };
  await mkdir(join(profile, "NativeMessagingHosts"), { recursive: true });
  await writeFile(join(profile, "NativeMessagingHosts", `${NAME}.json`), JSON.stringify(manifest));
}

/**
 * What the fake hosts of a profile wrote, oldest first: `{pid}` at each start, then `{type, id}` of each message.
 * @param {string} profile
 * @returns {{pid?: number, type?: string, id?: number, eof?: boolean}[]}
 */
export function fakeHostLog(profile) {
  if (!existsSync(logFile(profile))) return [];
  return readFileSync(logFile(profile), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** @param {number} pid @returns {boolean} whether this process is there */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
