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

/** The data directory of a host that serves one profile only. @param {string} profile */
export const ownHome = (profile) => join(profile, "sotto-home");

/**
 * Runs a command of the real host in a profile's own data directory.
 * @param {string} profile
 * @param {string[]} args
 * @param {string} [input] what the user types
 */
export function hostCommand(profile, args, input = "") {
  return execFileSync(HOST_BINARY, args, {
    encoding: "utf8",
    input,
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, SOTTO_HOME: ownHome(profile) },
  });
}

/**
 * Puts the real host into a profile with a data directory of its own, so that what a test sets up or deletes is nobody
 * else's.
 * @param {string} profile
 * @param {{endpoint?: string | undefined, isolated?: boolean, price?: boolean, passphrase?: string | undefined}} [options]
 *   `endpoint`: set up and switched on, as a user does; `isolated`: in a network namespace of its own, where every packet
 *   would be counted; `passphrase`: the endpoint's key is in a file that it opens
 */
export async function installOwnHost(profile, options = {}) {
  await mkdir(ownHome(profile), { recursive: true });
  const isolated = options.isolated ? ["unshare", "--map-root-user", "--net", "--"] : [];
  const quoted = [...isolated, HOST_BINARY].map((part) => `'${part}'`).join(" ");
  await writeManifest(profile, `SOTTO_HOME='${ownHome(profile)}' exec ${quoted} "$@"`);
  if (options.endpoint === undefined) return;
  const price = options.price ? ["--price-input", "2.50", "--price-output", "10", "--cap", "5"] : [];
  hostCommand(profile, [
    ...["cloud", "set", "generic", "--name", "Test endpoint", "--url", options.endpoint],
    ...["--model", "far-model", "--context", "32000", "--key", options.passphrase ? "file" : "none", ...price],
  ]);
  const { passphrase } = options;
  if (passphrase) hostCommand(profile, ["cloud", "key", "--file"], `sk-test\n${passphrase}\n${passphrase}\n`);
  hostCommand(profile, ["cloud", "on"]);
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
  const quoted = [process.execPath, join(HERE, "fake-host.mjs"), behaviour, logFile(profile)].map(
    (part) => `'${part}'`,
  );
  await writeManifest(profile, `exec ${quoted.join(" ")} "$@"`, origins);
}

/**
 * A host that is a line of shell.
 * @param {string} profile
 * @param {string} line
 * @param {string[]} [origins] extensions that it serves
 */
async function writeManifest(profile, line, origins = [`chrome-extension://${EXTENSION_ID}/`]) {
  const script = join(profile, "host.sh");
  await writeFile(script, `#!/bin/sh\n${line}\n`);
  await chmod(script, 0o755);
  const manifest = {
    name: NAME,
    description: "A host of a test",
    path: script,
    type: "stdio",
    allowed_origins: origins,
  };
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
