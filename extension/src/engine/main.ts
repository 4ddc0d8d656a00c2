// The engine page: an offscreen page that owns the worker with the model. Answers content scripts and our own pages on
// ports; the service worker only holds the pipe to the host. It has no access to any extension API but messages.
//
// **Nobody else listens to `onConnect`**: a port that two contexts receive closes for its opener only when both are gone,
// so the death of the one that matters would go unnoticed.

import { send } from "../shared/messages";
import {
  ASSIST_PORT,
  AUTOCOMPLETE_PORT,
  CONSENT_PORT,
  HOST_PORT,
  type Observation,
  STATUS_PORT,
  type WireError,
} from "../shared/protocol";
import { AssistPorts } from "./assist/assist-ports";
import { BrowserTier } from "./assist/browser-tier";
import { HostLink } from "./assist/host-link";
import { HostPipeEnd } from "./assist/host-pipe-end";
import { Offers } from "./assist/offers";
import { PolicyGuide } from "./assist/policy-guide";
import type { AssistTier } from "./assist/tier";
import { AutocompletePorts } from "./autocomplete-ports";
import { CalibrationStore } from "./calibration-store";
import { ConsentDesk } from "./consent/consent-desk";
import { addSheet } from "./consent/consent-ports";
import { EngineHost } from "./engine-host";
import { ownMessages } from "./own-messages";
import { HandOver } from "./packs/hand-over";
import { PackStorage } from "./packs/pack-storage";
import { packagedPack } from "./packs/packaged";
import { ADAPTER, IdleTraining } from "./personal/idle-training";
import { PersonalDesk } from "./personal/personal-desk";
import { IndexedDbVault } from "./phrases/indexed-db";
import { PhraseDesk } from "./phrases/phrase-desk";
import { PhraseStore } from "./phrases/phrase-store";
import { loadRules } from "./rules";
import { StatusPorts } from "./status-ports";
import { TelemetryBook } from "./telemetry/telemetry-book";

const book = new TelemetryBook({
  storage: localStorage,
  counters: async (stored) => (await loadRules()).counters(stored),
});
const observe = (observation: Observation) => book.observe(observation);
const host = new EngineHost({
  makeWorker: () => new Worker("worker.js", { type: "module", name: "sotto-engine" }),
  store: new CalibrationStore(localStorage),
  readPreference: async () => (await send("engineConfig", {})).backend,
  observe,
  used: () => training.used(),
  adapterOf: (port) => personal.adapterOf(port),
  adapterGiven: (name, error) => personal.adapterTold(name, error),
});
const pipe = new HostPipeEnd();
const hostLink: HostLink = new HostLink(
  () => pipe.open(),
  (status) => guide.hostTold(status),
);
const personal: PersonalDesk<chrome.runtime.Port> = new PersonalDesk<chrome.runtime.Port>({
  host: hostLink,
  choice: () => send("personalChoice", {}),
  setAdapter: (adapter) => host.setAdapter(adapter),
  observe,
  nowMs: () => performance.now(),
});
const training: IdleTraining = new IdleTraining({
  host: hostLink,
  choice: () => send("personalChoice", {}),
  model: () => packs.inUse(),
  trained: async () => {
    await send("adapterTrained", { name: ADAPTER });
    await personal.refresh();
  },
  storage: localStorage,
  nowMs: () => Date.now(),
});
const phrases = new PhraseDesk<chrome.runtime.Port>({
  store: new PhraseStore(new IndexedDbVault()),
  isWanted: async () => (await send("personalChoice", {})).phrases,
  rules: async () => (await loadRules()).phrase,
  nowMs: () => performance.now(),
  today: () => Math.floor(Date.now() / 86_400_000),
});
void phrases.refresh();
const autocomplete = new AutocompletePorts(host, personal, phrases, observe);
const guide = new PolicyGuide({
  rules: loadRules,
  settings: (site) => send("assistSettings", { site }),
  engineStatus: () => host.status,
  host: hostLink,
});
const desk = new ConsentDesk({ open: () => send("openConsent", {}), unlock });
const offers = new Offers();
/** For pages and cards: what they want to have done makes a training that began by itself stop. */
const askedHost: AssistTier = {
  run: (request, outputs) => {
    const isLook = request.type === "status" || (request.type === "personal" && request.task.type !== "train");
    if (!isLook) training.used();
    return hostLink.run(request, outputs);
  },
};
const assist = new AssistPorts({
  host: askedHost,
  browser: new BrowserTier(host),
  guide,
  offers,
  consent: desk,
  observe,
});
const status = new StatusPorts(host);
const packs = new HandOver({
  host: hostLink,
  place: () => PackStorage.open(),
  packaged: packagedPack,
  verify: async (manifest, signature, newerThan) => (await loadRules()).packFiles(manifest, signature, newerThan),
  roomBytes: async () => {
    const { quota = 0, usage = 0 } = await navigator.storage.estimate();
    return quota - usage;
  },
  use: (version) => host.usePack(version),
});

chrome.runtime.onConnect.addListener((port) => {
  if (port.sender?.id !== chrome.runtime.id) return;
  const isOwnPage = port.sender.url?.startsWith(chrome.runtime.getURL("")) === true;
  if (port.name === AUTOCOMPLETE_PORT) autocomplete.add(port);
  else if (port.name === ASSIST_PORT) assist.add(port);
  else if (port.name === CONSENT_PORT) addSheet(desk, port);
  else if (port.name === STATUS_PORT && isOwnPage) status.add(port);
  else if (port.name === HOST_PORT && isOwnPage && !port.sender.tab) pipe.accept(port);
});

const personalParts = {
  refresh: async () => {
    await Promise.all([personal.refresh(), phrases.refresh()]);
  },
  view: async () => ({ ...personal.view(), model: await packs.inUse(), training: training.view() }),
};
const answer = ownMessages(
  { host, book, packs, personal: personalParts, phrases, forget },
  chrome.runtime.id,
  chrome.runtime.getURL(""),
);
chrome.runtime.onMessage.addListener((message, sender, respond) => answer(message, sender, respond));

host.onStatus((current) => {
  // For the badge. Nobody listening is no error: the worker is woken by the message, or the browser is closing.
  void send("engineStatus", { status: current }).catch(() => undefined);
});

addEventListener("pagehide", () => book.flush());

/** The passphrase goes to the host and nowhere else. */
function unlock(passphrase: string): Promise<WireError | null> {
  return new Promise((resolve) => {
    hostLink.run(
      { type: "unlockKey", id: 0, passphrase },
      {
        event: (event) => {
          if (event.type === "error") resolve(event.error);
          else if (event.type === "status") resolve(null);
        },
        unavailable: resolve,
      },
    );
  });
}

async function forget(): Promise<void> {
  book.clear();
  offers.clear();
  personal.forget();
  training.forget();
  localStorage.clear();
  await phrases.forget();
}
