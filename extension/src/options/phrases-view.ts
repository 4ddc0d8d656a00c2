// The phrases that this browser keeps where no host does: explained before they are switched on, then listed, searched and
// erased. They are on this page and in the engine page, sealed on disk, and nowhere else.

import { byId, setHidden, setText } from "../shared/dom";
import { toWireError } from "../shared/errors";
import { t } from "../shared/i18n";
import { type FoundPhrase, type PhrasesReply, type PhraseTask, send } from "../shared/messages";
import type { Settings } from "../shared/settings";
import { usesPhrases } from "../shared/settings";
import { updateSettings } from "../shared/settings-store";
import { siteOfInput } from "./named-sites-view";
import { row } from "./row";

const MS_PER_DAY = 86_400_000;

export class PhrasesView {
  readonly #switch = byId("phrases", HTMLInputElement);
  readonly #list = byId("phrase-list", HTMLUListElement);
  readonly #query = byId("phrase-query", HTMLInputElement);
  readonly #site = byId("phrase-site", HTMLInputElement);
  #isOn = false;
  /** Switched on, and off all the same because the host does it. */
  #isHosts = false;
  #shown = "";
  #last: number | null = null;

  constructor() {
    this.#switch.addEventListener("change", (event) => {
      // Only "Switch on" below what it means does that.
      const wantsOn = this.#switch.checked;
      this.#switch.checked = this.#isOn;
      if (!event.isTrusted) return;
      if (wantsOn) this.#explain(true);
      else void this.#set(false);
    });
    const click = (id: string, action: () => void) =>
      byId(id, HTMLButtonElement).addEventListener("click", (event) => event.isTrusted && action());
    click("phrases-agree", () => void this.#set(true));
    click("phrases-not-now", () => this.#explain(false));
    click("phrases-erase", () => void this.#do({ type: "eraseAll" }, t("phrasesErased")));
    click("phrase-more", () => void this.#search(this.#last));
    const submit = (id: string, action: () => void) =>
      byId(id, HTMLFormElement).addEventListener("submit", (event) => {
        event.preventDefault();
        if (event.isTrusted) action();
      });
    byId("phrase-site-add", HTMLFormElement).noValidate = true;
    submit("phrase-site-add", () => this.#addSite());
    submit("phrase-search", () => {
      this.#shown = this.#query.value;
      void this.#search(null);
    });
  }

  show(settings: Settings): void {
    const isFirst = !this.#isOn && settings.phrases;
    this.#isOn = settings.phrases;
    this.#isHosts = settings.phrases && !usesPhrases(settings);
    this.#switch.checked = settings.phrases;
    if (settings.phrases) this.#explain(false);
    setHidden("phrases-open", !settings.phrases);
    if (isFirst) void this.#do({ type: "status" });
    else if (!settings.phrases) this.#list.replaceChildren();
    setText("phrases-state", this.#isHosts ? t("phrasesHost") : "");
  }

  #explain(isShown: boolean): void {
    setHidden("phrases-explained", !isShown);
    if (isShown) byId("phrases-agree", HTMLButtonElement).focus();
  }

  async #set(phrases: boolean): Promise<void> {
    this.show(await updateSettings((settings) => ({ ...settings, phrases })));
    // What was kept stays until it is erased.
    if (!phrases) await this.#do({ type: "status" });
  }

  #addSite(): void {
    const site = siteOfInput(this.#site.value);
    if (!site) {
      setText("phrases-problem", t("namedInvalid"));
      return;
    }
    this.#site.value = "";
    void this.#do({ type: "setSite", site, isNamed: true });
  }

  async #do(task: PhraseTask, said = ""): Promise<void> {
    const reply = await this.#ask(task);
    // What does not open can be erased all the same.
    setHidden("phrases-erase", reply !== undefined && reply.count === 0 && reply.sites.length === 0);
    if (!reply) return;
    this.#draw(reply, said);
    if (this.#isOn) await this.#search(null);
  }

  async #search(after: number | null): Promise<void> {
    const query = this.#shown;
    const reply = await this.#ask({ type: "search", query, after });
    if (!reply || query !== this.#shown) return;
    const rows = reply.found.map((phrase) => this.#row(phrase));
    if (after === null) this.#list.replaceChildren(...rows);
    else this.#list.append(...rows);
    this.#last = reply.found.at(-1)?.number ?? this.#last;
    setHidden("phrase-more", !reply.hasMore);
  }

  async #ask(task: PhraseTask): Promise<PhrasesReply | undefined> {
    try {
      await send("ensureEngine", {});
      const reply = await send("phrases", { task });
      setText("phrases-problem", reply.trouble);
      return reply;
    } catch (error) {
      setText("phrases-problem", toWireError(error, t("personalFailed")).message);
      return undefined;
    }
  }

  #draw({ count, kib, maxKib, maxDays, sites }: PhrasesReply, said: string): void {
    const kept = t("phrasesState", String(count), String(kib), String(maxKib), String(maxDays));
    const host = this.#isHosts ? t("phrasesHost") : "";
    setText("phrases-state", [said, host, this.#isOn || count > 0 ? kept : ""].filter(Boolean).join(" "));
    byId("phrase-sites", HTMLUListElement).replaceChildren(
      ...sites.map((site) =>
        row(site, t("remove"), t("namedRemove", site), () => this.#do({ type: "setSite", site, isNamed: false })),
      ),
    );
  }

  #row({ number, text, site, times, day }: FoundPhrase): HTMLLIElement {
    const when = new Date(day * MS_PER_DAY).toLocaleDateString();
    const item = row(text, t("keptErase"), t("phraseEraseLabel", when), () => this.#do({ type: "erase", number }));
    const about = document.createElement("span");
    about.className = "quiet";
    about.textContent = t("phraseAbout", site, String(times), when);
    item.prepend(about);
    return item;
  }
}
