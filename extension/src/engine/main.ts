// The engine page: an offscreen page that owns the worker with the model. Answers content scripts and our own pages on
// ports; the service worker only holds the pipe to the host. It has no access to any extension API but messages.
//
// **Nobody else listens to `onConnect`**: a port that two contexts receive closes for its opener only when both are gone,
// so the death of the one that matters would go unnoticed.

import { send } from "../shared/messages";
import { ASSIST_PORT, AUTOCOMPLETE_PORT, HOST_PORT, STATUS_PORT } from "../shared/protocol";
import { AssistPorts } from "./assist/assist-ports";
import { BrowserTier } from "./assist/browser-tier";
import { HostLink } from "./assist/host-link";
import { HostPipeEnd } from "./assist/host-pipe-end";
import { AutocompletePorts } from "./autocomplete-ports";
import { CalibrationStore } from "./calibration-store";
import { EngineHost } from "./engine-host";
import { StatusPorts } from "./status-ports";

const host = new EngineHost({
  makeWorker: () => new Worker("worker.js", { type: "module", name: "sotto-engine" }),
  store: new CalibrationStore(localStorage),
  readPreference: async () => (await send("engineConfig", {})).backend,
});
const autocomplete = new AutocompletePorts(host);
const pipe = new HostPipeEnd();
const assist = new AssistPorts({
  host: new HostLink(() => pipe.open()),
  browser: new BrowserTier(host),
});
const status = new StatusPorts(host);

chrome.runtime.onConnect.addListener((port) => {
  if (port.sender?.id !== chrome.runtime.id) return;
  const isOwnPage = port.sender.url?.startsWith(chrome.runtime.getURL("")) === true;
  if (port.name === AUTOCOMPLETE_PORT) autocomplete.add(port);
  else if (port.name === ASSIST_PORT) assist.add(port);
  else if (port.name === STATUS_PORT && isOwnPage) status.add(port);
  else if (port.name === HOST_PORT && isOwnPage && !port.sender.tab) pipe.accept(port);
});

chrome.runtime.onMessage.addListener((message, sender, respond) => {
  // From the service worker, which has no tab.
  if (sender.id !== chrome.runtime.id || sender.tab) return;
  if (message?.type === "backendPreference") host.preferenceChanged();
  else if (message?.type !== "engineAlive") return;
  respond({ ok: true, value: {} });
});

host.onStatus((current) => {
  // For the badge. Nobody listening is no error: the worker is woken by the message, or the browser is closing.
  void send("engineStatus", { status: current }).catch(() => undefined);
});
