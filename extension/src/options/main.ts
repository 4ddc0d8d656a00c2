// The options page. Each part is a file of its own.

import { AssistClient } from "../shared/assist-client";
import { byId } from "../shared/dom";
import { translate } from "../shared/i18n";
import type { Settings } from "../shared/settings";
import { onSettingsChanged, readSettings, updateSettings } from "../shared/settings-store";
import { AuditView } from "./audit-view";
import { ChatsView } from "./chats-view";
import { CloudView } from "./cloud-view";
import { DeleteView } from "./delete-view";
import { EngineView } from "./engine-view";
import { FiguresView } from "./figures-view";
import { HostView } from "./host-view";
import { KeysView } from "./keys-view";
import { PacksView } from "./packs-view";
import { PersonalView } from "./personal-view";
import { PhrasesView } from "./phrases-view";
import { showShortcut } from "./shortcut-view";
import { SitesView } from "./sites-view";
import { UpdatesView } from "./updates-view";

translate(document);

const announce = byId("announce", HTMLInputElement);
announce.addEventListener("change", () => {
  void updateSettings((settings) => ({ ...settings, announce: announce.checked }));
});

const keys = new KeysView();
const engine = new EngineView();
const sites = new SitesView();
const client = new AssistClient();
const cloud = new CloudView(client);
const host = new HostView(client, (status) => cloud.showStatus(status));
const personal = new PersonalView(client);
const phrases = new PhrasesView();
const chats = new ChatsView();
new AuditView(client);
new UpdatesView(client, new PacksView());
new FiguresView();
new DeleteView(client);

onSettingsChanged(show);
void showShortcut();
void readSettings().then(show);

function show(settings: Settings): void {
  announce.checked = settings.announce;
  keys.show(settings);
  engine.show(settings);
  sites.show(settings);
  void host.show(settings);
  cloud.show(settings);
  personal.show(settings);
  phrases.show(settings);
  void chats.show(settings);
}
