// Where the model runs and why, the choice to force it, and measuring again.

import { byId, setText } from "../shared/dom";
import { EngineLink } from "../shared/engine-link";
import { backendName, backendReason, errorAdvice, modelName } from "../shared/engine-text";
import { t } from "../shared/i18n";
import type { EngineStatus } from "../shared/protocol";
import { BACKEND_PREFERENCES, type Settings } from "../shared/settings";
import { updateSettings } from "../shared/settings-store";

export class EngineView {
  readonly #radios = [...document.querySelectorAll<HTMLInputElement>('input[name="backend"]')];
  readonly #measure = byId("measure", HTMLButtonElement);

  constructor() {
    const link = new EngineLink((status) => this.#showStatus(status));
    this.#measure.addEventListener("click", () => {
      this.#measure.disabled = true;
      void link.command({ type: "measureAgain" }).catch(() => {
        this.#measure.disabled = false;
      });
    });
    for (const radio of this.#radios) {
      radio.addEventListener("change", () => {
        const backend = BACKEND_PREFERENCES.find((preference) => preference === radio.value);
        if (radio.checked && backend) void updateSettings((settings) => ({ ...settings, backend }));
      });
    }
  }

  show(settings: Settings): void {
    this.#measure.hidden = settings.backend !== "auto";
    for (const radio of this.#radios) radio.checked = radio.value === settings.backend;
  }

  #showStatus(status: EngineStatus): void {
    this.#measure.disabled = status.type === "loading";
    switch (status.type) {
      case "idle":
        setText("backend-now", t("engineIdle"));
        setText("backend-why", "");
        break;
      case "loading":
        setText("backend-now", t("engineLoading"));
        setText("backend-why", "");
        break;
      case "ready":
        setText("backend-now", t("backendNow", modelName(status.engine), backendName(status.engine.backend)));
        setText("backend-why", t("backendWhy", backendReason(status.engine)));
        break;
      case "failed":
        setText("backend-now", `${status.error.message} (${status.error.code})`);
        setText("backend-why", errorAdvice(status.error.code));
        break;
    }
  }
}
