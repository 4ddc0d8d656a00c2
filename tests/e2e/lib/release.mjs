// A source of updates as a publisher has it: packs under a newer version, released by the release tool with keys made on the
// spot, and served as static files on this device. The server can fail as mirrors do.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join, normalize, resolve, sep } from "node:path";
import { ROOT } from "./browser.mjs";
import { hostCommand, ownHome } from "./host.mjs";
import { OpenPack } from "./pack-variants.mjs";

/** The release tool; `scripts/check e2e` builds it. */
export const RELEASE_TOOL = resolve(process.env.SOTTO_RELEASE ?? join(ROOT, "target/debug/sotto-release"));

export const hasReleaseTool = () => existsSync(RELEASE_TOOL);

/** Root and targets need two of three. */
const KEYS = [
  ...["root-1", "root-2", "root-3", "targets-1", "targets-2", "targets-3"],
  ...["snapshot-1", "timestamp-1"],
];

/** @param {string[]} args */
const tool = (...args) => execFileSync(RELEASE_TOOL, args, { stdio: ["ignore", "ignore", "inherit"] });

/**
 * A copy of a pack that ships under another version, signed again after `change`.
 * @param {string} name
 * @param {number} version
 * @param {string} folder
 * @param {(pack: OpenPack) => Promise<void> | void} [change]
 */
export async function newerPack(name, version, folder, change) {
  await mkdir(folder, { recursive: true });
  await cp(join(ROOT, "models/packs", name), folder, { recursive: true });
  const pack = new OpenPack(folder, JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")));
  pack.manifest.version = version;
  await change?.(pack);
  await pack.sign();
}

/**
 * The same tensors behind a header with more blanks: safetensors allows them, and the hash is another one.
 * @param {Buffer} weights
 */
export function withLongerHeader(weights) {
  const length = Number(weights.readBigUInt64LE(0));
  const blanks = Buffer.alloc(8, " ");
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(length + blanks.length));
  return Buffer.concat([size, weights.subarray(8, 8 + length), blanks, weights.subarray(8 + length)]);
}

/**
 * Puts the browser's model under a newer version where updates put it, with another file for the same weights.
 * @param {string} profile
 * @param {number} version
 * @param {(pack: OpenPack) => void} [change]
 */
export async function putCandidate(profile, version, change) {
  const folder = join(ownHome(profile), "updates/installed", `sotto-nano-${version}`);
  await newerPack("sotto-nano", version, folder, async (pack) => {
    await pack.replace("weights", withLongerHeader(await pack.read("weights")));
    change?.(pack);
  });
  const manifest = createHash("sha256")
    .update(await readFile(join(folder, "manifest.json")))
    .digest("hex");
  const packs = { "sotto-nano": { candidate: { version, manifest }, newest: version } };
  await writeFile(join(folder, "../state.json"), JSON.stringify({ format: 1, packs }));
}

/**
 * Releases packs into a folder. Slow: the tool verifies each of them.
 * @param {string} folder
 * @param {string[]} packs
 */
export function release(folder, packs) {
  const out = join(folder, "release");
  const keys = join(folder, "keys");
  for (const name of KEYS) tool("keygen", name, "--out", keys);
  const key = (/** @type {string} */ name) => join(keys, `${name}.key`);
  tool("root", "--out", out, "--keys", keys, "--sign", key("root-1"), key("root-2"));
  const signers = ["targets-1", "targets-2", "snapshot-1", "timestamp-1"].map(key);
  tool("release", "--out", out, "--sign", ...signers, "--pack", ...packs);
  return out;
}

/** The largest file of a release: the weights. @param {{path: string, from: number, bytes: number}[]} served */
export const largest = (served) => served.reduce((most, one) => (one.bytes > most.bytes ? one : most));

/**
 * Serves a release on the loopback interface, with ranges, as static files.
 * @param {string} folder
 */
export async function serveRelease(folder) {
  /** @type {{path: string, from: number, bytes: number}[]} what was asked for, and how much of it was sent */
  const served = [];
  /** @type {number | undefined} bytes of a large file after which nothing more comes */
  let holdAfter;
  let isAltering = false;
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = join(folder, normalize(path));
    const found = file.startsWith(folder + sep) ? await stat(file).catch(() => undefined) : undefined;
    if (request.method !== "GET" || !found?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const bytes = (await readFile(file)).subarray(from);
    if (isAltering && path.endsWith(".blob")) bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    const isHeld = holdAfter !== undefined && bytes.length > holdAfter;
    const sent = isHeld ? bytes.subarray(0, holdAfter) : bytes;
    served.push({ path, from, bytes: sent.length });
    response.writeHead(from > 0 ? 206 : 200, {
      "content-length": bytes.length,
      ...(from > 0 ? { "content-range": `bytes ${from}-${found.size - 1}/${found.size}` } : {}),
    });
    if (isHeld) response.write(sent);
    else response.end(sent);
  });
  await new Promise((done, failed) => {
    server.once("error", failed);
    server.listen(0, "127.0.0.1", () => done(undefined));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the source of updates has no port");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    served,
    /** @param {number | undefined} bytes */
    hold: (bytes) => {
      holdAfter = bytes;
      // What is held back breaks off.
      if (bytes === undefined) server.closeAllConnections();
    },
    /** From now on every blob's last byte is another one. */
    alter: () => {
      isAltering = true;
    },
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done(undefined));
      }),
  };
}

/**
 * Tells a profile's host where updates come from, as a user does.
 * @param {string} profile
 * @param {string} url
 * @param {string} folder of the release
 */
export function setSource(profile, url, folder) {
  hostCommand(profile, ["update", "source", url, "--root", join(folder, "metadata/1.root.json")]);
}
