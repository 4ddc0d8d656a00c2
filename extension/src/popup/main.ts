// The popup: on or off (everywhere, on this site) and what the engine is doing, in words; and the chat.

import { byId, setHidden, setText } from "../shared/dom";
import { EngineLink } from "../shared/engine-link";
import { translate } from "../shared/i18n";
import { showEngine } from "./engine-view";
import { LearnView } from "./learn-view";
import { ScopeView } from "./scope-view";
import { SiteView } from "./site-view";
import { startTabs } from "./tabs";

translate(document);
setText("engine-state", "");

const link = new EngineLink(showEngine);
byId("retry", HTMLButtonElement).addEventListener("click", () => {
  setHidden("engine-error", true);
  void link.command({ type: "load" });
});
byId("options", HTMLButtonElement).addEventListener("click", () => {
  void chrome.runtime.openOptionsPage().then(() => window.close());
});

startTabs();
void new SiteView().start();
void new ScopeView().start();
void new LearnView().start();
