// What the sheet shows, and its controls. Default focus on no.

import type { SheetEvent, SheetMessage } from "../shared/consent-messages";
import { byId, setHidden, setText } from "../shared/dom";
import { t } from "../shared/i18n";
import { money } from "../shared/money";
import { type ConsentChoice, type ConsentRequest, MAX_SCOPE_MINUTES } from "../shared/protocol";
import { limitSentence } from "../shared/route-text";
import { updateSettings } from "../shared/settings-store";
import { siteName, webOrigin } from "../shared/sites";
import { Edits } from "./edits";
import { Guard, thisWindow } from "./guard";
import { markedParts } from "./marked";

/** A quarter of an hour, an hour, a working day. */
const MINUTES: readonly number[] = [15, 60, MAX_SCOPE_MINUTES];

export class Sheet {
  readonly #post: (message: SheetMessage) => void;
  readonly #close: () => void;
  readonly #payload = byId("payload", HTMLPreElement);
  readonly #no = byId("no", HTMLButtonElement);
  readonly #once = byId("once", HTMLButtonElement);
  readonly #allow = byId("allow", HTMLButtonElement);
  readonly #minutes = byId("minutes", HTMLSelectElement);
  readonly #addText = byId("add-text", HTMLInputElement);
  readonly #passphrase = byId("passphrase", HTMLInputElement);
  readonly #guard = new Guard(thisWindow(), (mayAgree) => this.#enable(mayAgree));
  #edits = new Edits();
  /** Made for this question, or for one that is being made anew. */
  #question: ConsentRequest | undefined;
  #isRevising = false;
  #hasAsked = false;

  constructor(post: (message: SheetMessage) => void, close: () => void) {
    this.#post = post;
    this.#close = close;
    // It scrolls, so the keyboard must reach it.
    this.#payload.tabIndex = 0;
    for (const minutes of MINUTES) this.#minutes.add(new Option(duration(minutes), String(minutes)));
    this.#no.addEventListener("click", () => void this.#answer({ type: "no" }));
    this.#once.addEventListener("click", (event) => {
      if (this.#guard.accepts(event)) void this.#answer({ type: "once" });
    });
    this.#allow.addEventListener("click", (event) => {
      if (this.#guard.accepts(event)) void this.#answer({ type: "site", minutes: Number(this.#minutes.value) });
    });
    byId("never", HTMLButtonElement).addEventListener("click", (event) => {
      if (event.isTrusted) void this.#never();
    });
    byId("add", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
    byId("key", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#unlock();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) void this.#answer({ type: "no" });
    });
  }

  receive(event: SheetEvent): void {
    switch (event.type) {
      case "question":
        this.#show(event.request);
        break;
      case "wait":
        this.#showOnly("waiting");
        break;
      case "none":
        this.#question = undefined;
        this.#guard.asked(false);
        this.#showOnly("nothing");
        if (this.#hasAsked) this.#close();
        break;
      case "unlocked":
        setText("key-problem", event.error?.message ?? "");
        if (!event.error && this.#question) this.#show({ ...this.#question, key: "ready" });
        break;
    }
  }

  #show(question: ConsentRequest): void {
    const isSame = question.nonce === this.#question?.nonce;
    if (!isSame && !this.#isRevising) this.#edits = new Edits();
    const wasRevising = this.#isRevising;
    this.#isRevising = false;
    this.#hasAsked = true;
    this.#question = question;
    const { endpoint, cost, site, key } = question;
    document.title = t("consentTitle", endpoint.name);
    setText("title", t("consentTitle", endpoint.name));
    setText("why", limitSentence(question.limit));
    setText("to", endpoint.isLoopback ? t("consentLoopback", endpoint.origin) : endpoint.origin);
    setText("model", endpoint.model);
    setText("size", t("consentBytes", question.payloadBytes.toLocaleString()));
    setHidden("cost-label", cost === null);
    setHidden("cost", cost === null);
    setText("cost", cost ? t("consentCostAtMost", money(cost)) : "");
    const origin = site === null ? undefined : webOrigin(site);
    setText("site", origin ? siteName(origin) : t("consentNoSite"));
    setHidden("for-site", !origin);
    setHidden("never", !origin);
    setHidden("key", key !== "locked");
    this.#showPayload(question);
    this.#showEdits(question);
    this.#showOnly("question");
    this.#guard.asked(true);
    if (!isSame && !wasRevising) this.#no.focus();
  }

  #showPayload({ payload, replacements }: ConsentRequest): void {
    const originals = new Map(replacements.map(({ placeholder, original }) => [placeholder, original]));
    const parts = markedParts(payload, [...originals.keys()], this.#edits.lifted);
    this.#payload.replaceChildren(
      ...parts.map(({ text, mark }) => {
        if (!mark) return document.createTextNode(text);
        const element = document.createElement("mark");
        element.className = mark;
        element.textContent = text;
        element.title = mark === "lifted" ? t("consentLifted") : t("consentStandsFor", originals.get(text) ?? "");
        return element;
      }),
    );
    // Above what somebody has not seen yet, nothing is scrolled away.
    this.#payload.scrollTop = 0;
  }

  #showEdits({ replacements }: ConsentRequest): void {
    byId("replacements", HTMLUListElement).replaceChildren(
      ...replacements.map(({ placeholder, original, count }) =>
        row(`${placeholder} ← ${original}${count > 1 ? ` (${count}×)` : ""}`, t("consentLift"), () => {
          this.#edits.lift(original);
          this.#revise();
        }),
      ),
    );
    setHidden("replacements-none", replacements.length > 0);
    byId("lifted", HTMLUListElement).replaceChildren(
      ...this.#edits.lifted.map((text) =>
        row(`${t("consentLifted")}: ${text}`, t("consentLower"), () => {
          this.#edits.lower(text);
          this.#revise();
        }),
      ),
    );
  }

  #add(): void {
    const picked = this.#addText.value;
    if (picked.trim() !== "" && !this.#edits.add(picked)) setText("add-problem", t("consentTooMany"));
    else if (picked.trim() !== "") {
      setText("add-problem", "");
      this.#addText.value = "";
      this.#revise();
    }
  }

  #revise(): void {
    this.#isRevising = true;
    void this.#answer({ type: "revise", edits: this.#edits.value });
  }

  #unlock(): void {
    if (this.#passphrase.value === "") return;
    setText("key-problem", "");
    this.#post({ type: "unlock", passphrase: this.#passphrase.value });
    this.#passphrase.value = "";
  }

  /** No for now, and no question any more about text of this site. */
  async #never(): Promise<void> {
    const site = this.#question?.site;
    const origin = site ? webOrigin(site) : undefined;
    if (origin) {
      await updateSettings((settings) => ({
        ...settings,
        localOnlySites: [...settings.localOnlySites.filter((other) => other !== origin), origin],
      }));
    }
    await this.#answer({ type: "no" });
  }

  async #answer(choice: ConsentChoice): Promise<void> {
    const question = this.#question;
    if (!question) return;
    // One answer for each question.
    this.#question = undefined;
    this.#guard.asked(false);
    const payloadSha256 = await sha256(this.#payload.textContent ?? "");
    this.#post({ type: "answer", answer: { nonce: question.nonce, payloadSha256, choice } });
  }

  #enable(mayAgree: boolean): void {
    const canSend = mayAgree && this.#question !== undefined && this.#question.key !== "locked";
    this.#once.disabled = !canSend;
    this.#allow.disabled = !canSend;
  }

  #showOnly(id: "question" | "waiting" | "nothing"): void {
    for (const other of ["question", "waiting", "nothing"]) setHidden(other, other !== id);
  }
}

/** Of what stands on the screen, in hexadecimal digits. */
async function sha256(text: string): Promise<string> {
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(sum)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function duration(minutes: number): string {
  return minutes < 60 ? t("minutes", String(minutes)) : minutes === 60 ? t("anHour") : t("hours", String(minutes / 60));
}

function row(text: string, action: string, onClick: () => void): HTMLLIElement {
  const item = document.createElement("li");
  const label = document.createElement("span");
  label.textContent = text;
  label.dir = "auto";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = action;
  // Letting something through is a yes of a kind.
  button.addEventListener("click", (event) => event.isTrusted && onClick());
  item.append(label, button);
  return item;
}
