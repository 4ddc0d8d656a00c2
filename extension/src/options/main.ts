// The options page. Each part is a file of its own.

import { byId } from "../shared/dom";
import { translate } from "../shared/i18n";
import type { Settings } from "../shared/settings";
import { onSettingsChanged, readSettings, updateSettings } from "../shared/settings-store";
import { ChatsView } from "./chats-view";
import { EngineView } from "./engine-view";
import { HostView } from "./host-view";
import { KeysView } from "./keys-view";
import { showShortcut } from "./shortcut-view";
import { SitesView } from "./sites-view";

translate(document);

const announce = byId("announce", HTMLInputElement);
announce.addEventListener("change", () => {
  void updateSettings((settings) => ({ ...settings, announce: announce.checked }));
});

const keys = new KeysView();
const engine = new EngineView();
const sites = new SitesView();
const host = new HostView();
const chats = new ChatsView();

onSettingsChanged(show);
void showShortcut();
void readSettings().then(show);

function show(settings: Settings): void {
  announce.checked = settings.announce;
  keys.show(settings);
  engine.show(settings);
  sites.show(settings);
  void host.show(settings);
  void chats.show(settings);
}
