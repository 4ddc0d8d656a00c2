// Training an adapter: on a click, with its progress, and with what came of it. The host works on it while nobody asks for
// anything else; a training that is stopped goes on from there the next time.

import { byId, setText } from "../shared/dom";
import { toWireError } from "../shared/errors";
import { t } from "../shared/i18n";
import { send } from "../shared/messages";
import type { PersonalLink } from "../shared/personal-link";
import type { PersonalStatus, TrainingOutcome } from "../shared/protocol";
import type { Settings } from "../shared/settings";
import { updateSettings } from "../shared/settings-store";

/** One adapter for all named sites. */
const NAME = "mine";

/** How often, and after how long, the host is asked again while it ends another training. */
const MAX_TRIES = 20;
const AGAIN_MS = 1_000;

export class TrainingView {
  readonly #link: PersonalLink;
  readonly #trained: () => void;
  readonly #now = byId("train-now", HTMLButtonElement);
  readonly #stop = byId("train-stop", HTMLButtonElement);
  readonly #privacy = byId("train-privacy", HTMLSelectElement);
  readonly #itself = byId("train-itself", HTMLInputElement);
  readonly #progress = byId("train-progress", HTMLProgressElement);
  #cancel: () => void = () => undefined;

  /** `trained` is called when there may be another adapter, or a training to go on with. */
  constructor(link: PersonalLink, trained: () => void) {
    this.#link = link;
    this.#trained = trained;
    const click = (button: HTMLButtonElement, action: () => void) =>
      button.addEventListener("click", (event) => event.isTrusted && action());
    click(this.#now, () => void this.#train());
    click(this.#stop, () => this.stop());
    this.#itself.addEventListener("change", () => {
      void updateSettings((settings) => ({ ...settings, trainsByItself: this.#itself.checked }));
    });
    // Trainings that begin by themselves are as private as those of the button.
    this.#privacy.addEventListener("change", () => {
      void updateSettings((settings) => ({ ...settings, trainEpsilon: this.#epsilon }));
    });
  }

  show({ trainsByItself, trainEpsilon }: Settings): void {
    this.#itself.checked = trainsByItself;
    this.#privacy.value = trainEpsilon === null ? "" : String(trainEpsilon);
    void this.refresh();
  }

  draw({ unfinished, lastTraining, newKib }: PersonalStatus): void {
    this.#now.textContent = t(unfinished.includes(NAME) ? "trainGoOn" : "trainNow");
    const when = lastTraining && new Date(lastTraining.atS * 1_000).toLocaleString();
    const last = lastTraining && when && t(lastTraining.isUsed ? "trainLastUsed" : "trainLastWorse", when);
    setText("train-last", `${last ?? t("trainNever")} ${t("trainNew", String(newKib))}`);
    void this.refresh();
  }

  /** What the engine page says of learning by itself: when it did last, or why it does not. */
  async refresh(): Promise<void> {
    const { view } = await send("personal", {}).catch(() => ({ view: undefined }));
    setText("train-itself-state", this.#itself.checked ? (view?.training ?? "") : "");
  }

  get #epsilon(): number | null {
    return this.#privacy.value === "" ? null : Number(this.#privacy.value);
  }

  stop(): void {
    this.#cancel();
  }

  async #train(): Promise<void> {
    this.#setBusy(true);
    setText("train-state", t("trainRunning"));
    try {
      const { outcome } = await this.#answer();
      if (outcome.isUsed) await updateSettings((settings) => ({ ...settings, adapterInUse: NAME, usesAdapter: true }));
      setText("train-state", outcomeSentence(outcome));
    } catch (error) {
      const { code, message } = toWireError(error, t("personalFailed"));
      setText("train-state", code === "cancelled" ? t("trainStopped") : message);
    }
    this.#cancel = () => undefined;
    this.#setBusy(false);
    this.#trained();
  }

  /** A training that began by itself makes way for this one, which takes it a moment. */
  async #answer(): Promise<{ outcome: TrainingOutcome }> {
    await send("ensureEngine", {});
    const { view } = await send("personal", {});
    const task = { type: "train", name: NAME, site: null, epsilon: this.#epsilon, browserVersion: view.model } as const;
    for (let tries = 1; ; tries += 1) {
      const { answer, cancel } = this.#link.start(task, "trained", (done, total) => {
        this.#progress.hidden = false;
        this.#progress.max = total;
        this.#progress.value = done;
        setText("train-state", t("trainSteps", String(done), String(total)));
      });
      this.#cancel = cancel;
      try {
        return await answer;
      } catch (error) {
        if (toWireError(error, "").code !== "overloaded" || tries === MAX_TRIES) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  #setBusy(isBusy: boolean): void {
    this.#now.disabled = isBusy;
    this.#privacy.disabled = isBusy;
    this.#stop.hidden = !isBusy;
    this.#progress.hidden = true;
  }
}

function outcomeSentence({ isUsed, before, after, epsilon }: TrainingOutcome): string {
  const percent = (100 * (1 - after / before)).toFixed(1);
  const came = isUsed ? t("trainBetter", percent) : t("trainWorse");
  return epsilon === null ? came : `${came} ${t("trainEpsilon", epsilon.toFixed(2))}`;
}
