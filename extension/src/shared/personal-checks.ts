// Checks of what is said about personalisation: by a host, which may be another program, and by pages of ours, whose
// requests go through the same port as those of cards on other people's pages.

import {
  type AdapterView,
  type ExportKind,
  type KeptText,
  type LastTraining,
  MAX_KEPT_UTF16,
  PACK_CHUNK_BYTES,
  type PackChunk,
  type PersonalAnswer,
  type PersonalStatus,
  type PersonalTask,
  type TrainingOutcome,
} from "./protocol";
import { webOrigin } from "./sites";
import { isId, record } from "./unread";

/** What a page may ask. Texts are kept, and adapters read, by the engine page alone. */
export type PageTask = Exclude<PersonalTask, { type: "keep" | "readAdapter" }>;

/** Texts in one answer, as the host limits them. */
const MAX_KEPT_TEXTS = 50;

/** More than a person names by hand; a longer list is damage. */
const MAX_NAMED_SITES = 1_000;
const MAX_ADAPTERS = 100;

/** On the command line a site may have been written in another way: it is shown, and matches no page. */
const MAX_SITE_UTF16 = 1_000;

/** Longest passphrase, and longest search, that is passed on. */
const MAX_PASSPHRASE_UTF16 = 1_000;
const MAX_QUERY_UTF16 = 1_000;

/** Of one chunk in base64: four characters for three bytes. */
const MAX_CHUNK_CHARS = Math.ceil(PACK_CHUNK_BYTES / 3) * 4;

const ADAPTER_NAME = /^[a-z0-9-]{1,32}$/;

/** Whether this can be the name of an adapter. */
export function isAdapterName(value: unknown): value is string {
  return typeof value === "string" && ADAPTER_NAME.test(value);
}

/** A task that a page may ask for, within its limits; undefined for everything else. */
export function pageTask(value: unknown): PageTask | undefined {
  const raw = record(value);
  switch (raw.type) {
    case "status":
    case "switchOn":
    case "switchOff":
    case "eraseAll":
      return { type: raw.type };
    case "unlock":
      return isText(raw.passphrase, MAX_PASSPHRASE_UTF16) ? { type: "unlock", passphrase: raw.passphrase } : undefined;
    case "setSite":
      // What is on the list can be taken off it, however it was written.
      return typeof raw.isNamed === "boolean" &&
        isText(raw.site, MAX_SITE_UTF16) &&
        (isOrigin(raw.site) || !raw.isNamed)
        ? { type: "setSite", site: raw.site, isNamed: raw.isNamed }
        : undefined;
    case "setLimits":
      return isId(raw.days) && isId(raw.mib) ? { type: "setLimits", days: raw.days, mib: raw.mib } : undefined;
    case "texts":
      return isText(raw.query, MAX_QUERY_UTF16) && (raw.before === null || isId(raw.before))
        ? { type: "texts", query: raw.query, before: raw.before }
        : undefined;
    case "eraseText":
      return isId(raw.number) ? { type: "eraseText", number: raw.number } : undefined;
    case "train":
      return isAdapterName(raw.name) &&
        (raw.site === null || isOrigin(raw.site)) &&
        isEpsilon(raw.epsilon) &&
        isId(raw.browserVersion)
        ? { type: "train", name: raw.name, site: raw.site, epsilon: raw.epsilon, browserVersion: raw.browserVersion }
        : undefined;
    case "export": {
      const what = exportKind(raw.what);
      return what && isText(raw.passphrase, MAX_PASSPHRASE_UTF16)
        ? { type: "export", what, passphrase: raw.passphrase }
        : undefined;
    }
    case "readExport":
      return isId(raw.index) ? { type: "readExport", index: raw.index } : undefined;
    case "putImport":
      return isPackChunk(raw.chunk) && raw.chunk.data.length <= MAX_CHUNK_CHARS && isId(raw.chunks)
        ? { type: "putImport", chunk: raw.chunk, chunks: raw.chunks }
        : undefined;
    case "import":
      return isAdapterName(raw.name) && isText(raw.passphrase, MAX_PASSPHRASE_UTF16)
        ? { type: "import", name: raw.name, passphrase: raw.passphrase }
        : undefined;
    case "eraseAdapter":
      return isAdapterName(raw.name) ? { type: "eraseAdapter", name: raw.name } : undefined;
    default:
      return undefined;
  }
}

export function isPersonalAnswer(value: unknown): value is PersonalAnswer {
  const raw = record(value);
  switch (raw.type) {
    case "status":
      return isPersonalStatus(raw.status);
    case "kept":
      return isId(raw.number);
    case "texts":
      return typeof raw.hasMore === "boolean" && isListOf(raw.texts, MAX_KEPT_TEXTS, isKeptText);
    case "trained":
      return isOutcome(raw.outcome);
    case "adapter":
    case "exported":
      return isId(raw.chunks) && isPackChunk(raw.chunk);
    case "received":
      return isId(raw.index);
    case "imported":
      return typeof raw.isAdapter === "boolean" && isId(raw.texts) && isId(raw.leftOut);
    default:
      return false;
  }
}

export function isPackChunk(value: unknown): value is PackChunk {
  const { index, sha256, data } = record(value);
  return isId(index) && typeof sha256 === "string" && typeof data === "string";
}

function isPersonalStatus(value: unknown): value is PersonalStatus {
  const { isOn, isOpen, isKeyInFile, trouble, sites, texts, kib, maxDays, maxMib, adapters, unfinished } =
    record(value);
  const { newKib, lastTraining } = record(value);
  return (
    [isOn, isOpen, isKeyInFile].every((flag) => typeof flag === "boolean") &&
    typeof trouble === "string" &&
    [texts, kib, maxDays, maxMib, newKib].every(isId) &&
    (lastTraining === null || isLastTraining(lastTraining)) &&
    isListOf(sites, MAX_NAMED_SITES, (site) => isText(site, MAX_SITE_UTF16)) &&
    isListOf(adapters, MAX_ADAPTERS, isAdapter) &&
    isListOf(unfinished, MAX_ADAPTERS, isAdapterName)
  );
}

function isLastTraining(value: unknown): value is LastTraining {
  const { atS, isUsed } = record(value);
  return isId(atS) && typeof isUsed === "boolean";
}

function isAdapter(value: unknown): value is AdapterView {
  const { name, atS, kib } = record(value);
  return isAdapterName(name) && isId(atS) && isId(kib);
}

function isKeptText(value: unknown): value is KeptText {
  const { number, atS, site, text } = record(value);
  return isId(number) && isId(atS) && typeof site === "string" && isText(text, MAX_KEPT_UTF16);
}

function isOutcome(value: unknown): value is TrainingOutcome {
  const { isUsed, before, after, epsilon } = record(value);
  return (
    typeof isUsed === "boolean" &&
    Number.isFinite(before) &&
    Number.isFinite(after) &&
    (epsilon === null || Number.isFinite(epsilon))
  );
}

function exportKind(value: unknown): ExportKind | undefined {
  const { type, name } = record(value);
  if (type === "texts") return { type };
  return type === "adapter" && isAdapterName(name) ? { type, name } : undefined;
}

function isEpsilon(value: unknown): value is number | null {
  return value === null || (typeof value === "number" && Number.isFinite(value) && value > 0);
}

/** Only what is written as the browser writes it: a site that is spelled in another way would never match. */
function isOrigin(value: unknown): value is string {
  return typeof value === "string" && webOrigin(value) === value;
}

function isText(value: unknown, maxUtf16: number): value is string {
  return typeof value === "string" && value.length <= maxUtf16;
}

function isListOf(value: unknown, most: number, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= most && value.every(isOne);
}
