// The engine page: an offscreen page that owns the worker with the model. Answers content scripts and our own pages on
// ports; the service worker is not involved. It has no access to any extension API but messages.

import { send } from "../shared/messages";
import { AUTOCOMPLETE_PORT, STATUS_PORT } from "../shared/protocol";
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
const status = new StatusPorts(host);

chrome.runtime.onConnect.addListener((port) => {
  if (port.sender?.id !== chrome.runtime.id) return;
  if (port.name === AUTOCOMPLETE_PORT) autocomplete.add(port);
  else if (port.name === STATUS_PORT && port.sender.url?.startsWith(chrome.runtime.getURL(""))) status.add(port);
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
