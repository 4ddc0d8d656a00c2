// Which model this browser uses, and taking a newer one over from the host: always on a click, and with the size on the button.

import { byId, setHidden, setText } from "../shared/dom";
import { toWireError } from "../shared/errors";
import { t } from "../shared/i18n";
import { type PacksView as Packs, send } from "../shared/messages";

const MB = 1_000_000;

/** How often the page looks how far it is. */
const PROGRESS_MS = 300;

export class PacksView {
  readonly #look = byId("packs-look", HTMLButtonElement);
  readonly #take = byId("packs-take", HTMLButtonElement);
  readonly #drop = byId("packs-drop", HTMLButtonElement);
  readonly #progress = byId("packs-progress", HTMLProgressElement);
  #offered: number | null = null;
  #inUse = 0;

  constructor() {
    const click = (button: HTMLButtonElement, action: () => Promise<void>) =>
      button.addEventListener("click", (event) => event.isTrusted && void action());
    click(this.#look, () => this.#show(true));
    click(this.#take, () => this.#change(this.#offered));
    click(this.#drop, () => this.#change(null));
    void this.#show(false);
  }

  /** The version that this browser uses. */
  get inUse(): number {
    return this.#inUse;
  }

  /** An update may have brought something for this browser. */
  refresh(): void {
    void this.#show(false);
  }

  /** `asked`: the user wants to know, so that "no newer one" is an answer. */
  async #show(asked: boolean): Promise<void> {
    try {
      await send("ensureEngine", {});
      const { view } = await send("packs", {});
      this.#draw(view, asked);
      if (view.progress) setTimeout(() => void this.#show(asked), PROGRESS_MS);
    } catch (error) {
      this.#complain(toWireError(error, t("packsFailed")).message);
    }
  }

  async #change(version: number | null): Promise<void> {
    this.#complain("");
    for (const button of [this.#look, this.#take, this.#drop]) button.disabled = true;
    const watch = setInterval(() => void this.#watch(), PROGRESS_MS);
    let problem = "";
    try {
      await send("takePack", { version });
    } catch (error) {
      problem = toWireError(error, t("packsFailed")).message;
    }
    clearInterval(watch);
    for (const button of [this.#look, this.#take, this.#drop]) button.disabled = false;
    await this.#show(false);
    this.#complain(problem);
  }

  async #watch(): Promise<void> {
    const reply = await send("packs", {}).catch(() => undefined);
    if (reply?.view.progress) this.#draw(reply.view, false);
  }

  #draw(view: Packs, asked: boolean): void {
    const { inUse, packaged, offer, progress, refused, why } = view;
    this.#inUse = inUse;
    setText("packs-now", t(inUse === packaged ? "packsPackaged" : "packsTaken", String(inUse)));
    this.#offered = offer?.version ?? null;
    this.#take.hidden = offer === null;
    if (offer) this.#take.textContent = t("packsTake", String(offer.version), (offer.bytes / MB).toFixed(1));
    this.#drop.hidden = inUse === packaged;
    this.#progress.hidden = progress === null;
    if (progress) {
      this.#progress.max = progress.total;
      this.#progress.value = progress.done;
    }
    const nothing = asked && !offer ? why || t("packsNone") : "";
    setText("packs-state", progress ? t("packsTaking", String(progress.version)) : nothing);
    this.#complain(refused ? t("packsRefused", String(refused.version), refused.error.message) : "");
  }

  #complain(text: string): void {
    setText("packs-problem", text);
    setHidden("packs-problem", text === "");
  }
}
