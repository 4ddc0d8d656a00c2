// Takes a newer model over from the host, which fetched it: the signed manifest, then what of its files is not here yet,
// in numbered chunks. **The manifest is verified before anything is asked for, each chunk when it comes, and each file
// whole by the wasm before the model is built**; the model in use answers until the new one gave its known answer. Knows no
// browser API, so that tests can drive it.

import { fromBase64, fromHex, sha256Hex } from "../../shared/bytes";
import { SottoError, toWireError, wireError } from "../../shared/errors";
import type { PacksView } from "../../shared/messages";
import { PACK_CHUNK_BYTES, type PackOffer, type WireError } from "../../shared/protocol";
import { askHost, misbehaved } from "../assist/ask-host";
import type { AssistTier } from "../assist/tier";
import type { PackState } from "./pack-storage";

/** A file of a pack, as its manifest names it. */
export interface PackBlob {
  sha256: string;
  bytes: number;
}

/** The pack that came with the extension. */
export interface PackagedPack {
  version: number;
  /** Its files, by SHA-256. */
  files: ReadonlySet<string>;
}

export interface PackPlace {
  state(): Promise<PackState>;
  setState(state: PackState): Promise<void>;
  putFile(version: number, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  hasChunk(version: number, sha256: string, index: number, bytes: number): Promise<boolean>;
  putChunk(version: number, sha256: string, index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  removeOthers(kept: number | null): Promise<void>;
}

export interface HandOverParts {
  host: AssistTier;
  place(): Promise<PackPlace>;
  packaged(): Promise<PackagedPack>;
  /** The files of a manifest whose signature is right. Throws the code of what is wrong. */
  verify(manifest: Uint8Array, signature: Uint8Array, newerThan: number): Promise<PackBlob[]>;
  /** Bytes that may still be stored, as the browser estimates. */
  roomBytes(): Promise<number>;
  /** Builds the model of a stored pack (null: of the packaged one) and puts it in place of the one in use. */
  use(version: number | null): Promise<WireError | null>;
}

interface Missing extends PackBlob {
  index: number;
}

export class HandOver {
  readonly #parts: HandOverParts;
  #running: Promise<void> | undefined;
  #progress: PacksView["progress"] = null;

  constructor(parts: HandOverParts) {
    this.#parts = parts;
  }

  /** What is in use, and what the host has. Loads and stores nothing. */
  async view(): Promise<PacksView> {
    const [place, packaged] = await Promise.all([this.#parts.place(), this.#parts.packaged()]);
    const { active, refused } = await place.state();
    const inUse = active ?? packaged.version;
    const base: PacksView = {
      inUse,
      packaged: packaged.version,
      refused,
      progress: this.#progress,
      offer: null,
      why: "",
    };
    if (this.#progress) return base;
    try {
      const offer = await this.#offer(inUse);
      if (!offer) return base;
      const missing = await this.#missing(place, packaged, offer, await this.#verified(offer, packaged.version));
      const bytes = missing.reduce((sum, part) => sum + part.bytes, 0);
      return { ...base, offer: { version: offer.version, bytes } };
    } catch (error) {
      return { ...base, why: toWireError(error, "The host could not be asked for a newer model.").message };
    }
  }

  /** The version in use. Asks nobody. */
  async inUse(): Promise<number> {
    const [place, packaged] = await Promise.all([this.#parts.place(), this.#parts.packaged()]);
    return (await place.state()).active ?? packaged.version;
  }

  /** Takes over what was offered; goes on where an earlier try ended. Throws `SottoError`; what is in use stays. */
  async take(version: number): Promise<void> {
    this.#running ??= this.#take(version).finally(() => {
      this.#running = undefined;
      this.#progress = null;
    });
    await this.#running;
  }

  /** Back to the model that came with the extension. */
  async drop(): Promise<void> {
    const place = await this.#parts.place();
    const error = await this.#parts.use(null);
    if (error) throw new SottoError(error);
    await place.setState({ active: null, refused: null });
    await place.removeOthers(null);
  }

  async #take(version: number): Promise<void> {
    const [place, packaged] = await Promise.all([this.#parts.place(), this.#parts.packaged()]);
    const state = await place.state();
    const offer = await this.#offer(state.active ?? packaged.version);
    if (offer?.version !== version) throw gone();
    const blobs = await this.#verified(offer, packaged.version);
    const missing = await this.#missing(place, packaged, offer, blobs);
    const total = missing.reduce((sum, part) => sum + part.bytes, 0);
    if ((await this.#parts.roomBytes()) < total) throw noRoom();
    this.#progress = { version, done: 0, total };
    try {
      for (const part of missing) {
        await place.putChunk(version, part.sha256, part.index, await this.#chunk(version, part));
        this.#progress = { ...this.#progress, done: this.#progress.done + part.bytes };
      }
      const manifest = new TextEncoder().encode(offer.manifest);
      await place.putFile(version, "manifest.json", manifest);
      await place.putFile(version, "manifest.sig", fromHex(offer.signature));
    } catch (error) {
      throw isFull(error) ? noRoom() : error;
    }
    const error = await this.#parts.use(version);
    if (error) {
      // What cannot be used is not kept: the next try fetches all of it anew.
      await place.setState({ ...state, refused: { version, error } });
      await place.removeOthers(state.active);
      throw new SottoError(error);
    }
    await place.setState({ active: version, refused: null });
    await place.removeOthers(version);
  }

  async #offer(newerThan: number): Promise<PackOffer | null> {
    const event = await askHost(this.#parts.host, { type: "offerPack", id: 0, newerThan });
    if (event.type !== "packOffer") throw misbehaved();
    return event.offer;
  }

  #verified(offer: PackOffer, newerThan: number): Promise<PackBlob[]> {
    const manifest = new TextEncoder().encode(offer.manifest);
    return this.#parts.verify(manifest, fromHex(offer.signature), newerThan);
  }

  /** The chunks that are neither stored nor part of a file that came with the extension. */
  async #missing(place: PackPlace, packaged: PackagedPack, offer: PackOffer, blobs: PackBlob[]): Promise<Missing[]> {
    const missing: Missing[] = [];
    for (const { sha256, bytes } of blobs.filter((blob) => !packaged.files.has(blob.sha256))) {
      for (let index = 0; index * PACK_CHUNK_BYTES < bytes; index += 1) {
        const part = { sha256, index, bytes: Math.min(PACK_CHUNK_BYTES, bytes - index * PACK_CHUNK_BYTES) };
        if (!(await place.hasChunk(offer.version, sha256, index, part.bytes))) missing.push(part);
      }
    }
    return missing;
  }

  async #chunk(version: number, { sha256: file, index, bytes: length }: Missing): Promise<Uint8Array<ArrayBuffer>> {
    const event = await askHost(this.#parts.host, { type: "readPack", id: 0, part: { version, file, index } });
    if (event.type !== "packChunk" || event.chunk.index !== index) throw misbehaved();
    const bytes = fromBase64(event.chunk.data);
    if (!bytes) throw misbehaved();
    if (bytes.length !== length || (await sha256Hex(bytes)) !== event.chunk.sha256) {
      throw new SottoError(wireError("packBlobMismatch", "A part of the newer model was damaged on its way.", true));
    }
    return bytes;
  }
}

function gone(): SottoError {
  return new SottoError(wireError("packBlobMissing", "The newer model is not there any more. Look for it again."));
}

function noRoom(): SottoError {
  return new SottoError(
    wireError("outOfMemory", "The browser has not enough room for the newer model. Free some disk space.", true),
  );
}

/** The quota is used up, or the disk is. */
function isFull(error: unknown): boolean {
  return error instanceof Error && error.name === "QuotaExceededError";
}
