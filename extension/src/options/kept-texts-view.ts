// What is kept, newest first: read, search, erase. Texts are on this page and nowhere else in the extension.

import { byId, setHidden, setText } from "../shared/dom";
import { toWireError } from "../shared/errors";
import { t } from "../shared/i18n";
import type { PersonalLink } from "../shared/personal-link";
import type { KeptText, PersonalStatus } from "../shared/protocol";

/** Longer texts are folded behind their beginning. */
const SHORT_UTF16 = 160;

export class KeptTextsView {
  readonly #link: PersonalLink;
  readonly #changed: (status: PersonalStatus) => Promise<void>;
  readonly #list = byId("kept", HTMLUListElement);
  readonly #query = byId("kept-query", HTMLInputElement);
  /** The search that the list shows; the box may say something else already. */
  #shown = "";
  #oldest: number | null = null;

  constructor(link: PersonalLink, changed: (status: PersonalStatus) => Promise<void>) {
    this.#link = link;
    this.#changed = changed;
    byId("kept-search", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#shown = this.#query.value;
      void this.refresh();
    });
    byId("kept-more", HTMLButtonElement).addEventListener("click", () => void this.#show(this.#oldest));
  }

  /** From the newest on. */
  refresh(): Promise<void> {
    return this.#show(null);
  }

  clear(): void {
    this.#list.replaceChildren();
    this.#query.value = "";
    this.#shown = "";
    this.#oldest = null;
    setText("kept-state", "");
    setHidden("kept-more", true);
  }

  async #show(before: number | null): Promise<void> {
    const query = this.#shown;
    await this.#say(async () => {
      const { texts, hasMore } = await this.#link.start({ type: "texts", query, before }, "texts").answer;
      // Another search began meanwhile.
      if (query !== this.#shown) return;
      const rows = texts.map((one) => this.#row(one));
      if (before === null) this.#list.replaceChildren(...rows);
      else this.#list.append(...rows);
      this.#oldest = texts.at(-1)?.number ?? this.#oldest;
      setHidden("kept-more", !hasMore);
      setText("kept-state", this.#list.childElementCount === 0 ? t("keptNone") : "");
    });
  }

  #row({ number, atS, site, text }: KeptText): HTMLLIElement {
    const item = document.createElement("li");
    const when = new Date(atS * 1_000).toLocaleString();
    const about = document.createElement("span");
    about.className = "quiet";
    about.textContent = `${site}\n${when}`;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = t("keptErase");
    button.setAttribute("aria-label", t("keptEraseLabel", when));
    button.addEventListener("click", (event) => {
      if (event.isTrusted) void this.#erase(number, item);
    });
    item.append(about, body(text), button);
    return item;
  }

  async #erase(number: number, item: HTMLLIElement): Promise<void> {
    await this.#say(async () => {
      const status = await this.#link.status({ type: "eraseText", number });
      item.remove();
      await this.#changed(status);
    });
  }

  async #say(action: () => Promise<void>): Promise<void> {
    setText("kept-state", "");
    try {
      await action();
    } catch (error) {
      setText("kept-state", toWireError(error, t("personalFailed")).message);
    }
  }
}

function body(text: string): HTMLElement {
  if (text.length <= SHORT_UTF16) {
    const whole = document.createElement("p");
    whole.textContent = text;
    return whole;
  }
  const folded = document.createElement("details");
  const beginning = document.createElement("summary");
  beginning.textContent = `${text.slice(0, SHORT_UTF16).toWellFormed()} …`;
  folded.append(beginning, text);
  return folded;
}
