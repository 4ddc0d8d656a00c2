// Copies of the built extension with a damaged model pack, for showing that each kind of damage is refused.
//
// Where the damage would be caught by a hash or the signature before anything looks inside, the pack is signed again
// with the development key: by Node's own ed25519, written against the format in ARCHITECTURE.md and not with our code.

import { createHash, createPrivateKey, sign } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./browser.mjs";
import { extensionCopy } from "./extension-copy.mjs";

/** What is signed starts with this, so that a signature made for anything else never fits. */
const SIGNED_PREFIX = Buffer.from("sotto-pack-v1\0");

/** DER header of a PKCS #8 ed25519 private key; the 32 bytes of the seed follow. */
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

const DEV_KEY = join(ROOT, "tools/pack/dev-signing-key.hex");

/** @typedef {"config" | "tokenizer" | "weights"} BlobRole */

/** A pack that may be changed. */
export class OpenPack {
  /** @param {string} folder @param {any} manifest */
  constructor(folder, manifest) {
    this.folder = folder;
    this.manifest = manifest;
  }

  /** @param {BlobRole} role */
  #entry(role) {
    return this.manifest.blobs.find((/** @type {{role: string}} */ blob) => blob.role === role);
  }

  /** @param {BlobRole} role */
  #file(role) {
    return join(this.folder, "blobs", this.#entry(role).sha256);
  }

  /** @param {BlobRole} role @returns {Promise<Buffer>} */
  read(role) {
    return readFile(this.#file(role));
  }

  /**
   * Changes the file under its old name: the manifest still has the old hash.
   * @param {BlobRole} role @param {Buffer | undefined} bytes undefined removes it
   */
  async overwrite(role, bytes) {
    await rm(this.#file(role));
    if (bytes) await writeFile(this.#file(role), bytes);
  }

  /**
   * Puts another blob into the manifest, which has to be signed afterwards.
   * @param {BlobRole} role @param {Buffer} bytes
   */
  async replace(role, bytes) {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    await writeFile(join(this.folder, "blobs", sha256), bytes);
    Object.assign(this.#entry(role), { sha256, bytes: bytes.length });
  }

  /** Writes the manifest as it is now and signs it. */
  async sign() {
    const bytes = Buffer.from(JSON.stringify(this.manifest));
    // Lines that start with `#` say what the key is for.
    const seed = Buffer.from((await readFile(DEV_KEY, "utf8")).replace(/^#.*$/gm, "").trim(), "hex");
    const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: "der", type: "pkcs8" });
    await this.#write("manifest.json", bytes);
    await this.#write("manifest.sig", sign(null, Buffer.concat([SIGNED_PREFIX, bytes]), key));
  }

  /** @param {Buffer} bytes the signature, as the pack is to have it */
  async writeSignature(bytes) {
    await this.#write("manifest.sig", bytes);
  }

  /** @returns {Promise<Buffer>} */
  signature() {
    return readFile(join(this.folder, "manifest.sig"));
  }

  /** Writes the manifest without signing it again. */
  async writeManifest() {
    await this.#write("manifest.json", Buffer.from(JSON.stringify(this.manifest)));
  }

  /** @param {string} name @param {Buffer} bytes */
  async #write(name, bytes) {
    // The file may be a link into the build that everybody uses: never write through it.
    await rm(join(this.folder, name), { force: true });
    await writeFile(join(this.folder, name), bytes);
  }
}

/**
 * A copy of the extension whose pack `change` has changed.
 * @param {(pack: OpenPack) => Promise<void>} change
 */
export function extensionWithPack(change) {
  return extensionCopy(async (extension) => {
    const folder = join(extension, "models/sotto-nano");
    await change(new OpenPack(folder, JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"))));
  });
}
