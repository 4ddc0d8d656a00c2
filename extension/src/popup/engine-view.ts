// The engine part of the popup.

import { setHidden, setText } from "../shared/dom";
import { backendName, backendReason, errorAdvice, milliseconds, modelName } from "../shared/engine-text";
import { t } from "../shared/i18n";
import type { EngineStatus } from "../shared/protocol";

export function showEngine(status: EngineStatus): void {
  setHidden("engine-facts", status.type !== "ready");
  setHidden("engine-error", status.type !== "failed");
  setText("engine-state", stateSentence(status));
  if (status.type === "ready") {
    const { engine } = status;
    setText("fact-model", modelName(engine));
    setText("fact-backend", backendName(engine.backend));
    setText("fact-why", backendReason(engine));
    setText("fact-load", milliseconds(engine.loadMs));
    setText("fact-latency", engine.lastLatencyMs === null ? t("noLatencyYet") : milliseconds(engine.lastLatencyMs));
  } else if (status.type === "failed") {
    const { error } = status;
    setText("error-message", error.message);
    setText("error-advice", errorAdvice(error.code));
    setText("error-code", error.code);
  }
}

function stateSentence(status: EngineStatus): string {
  switch (status.type) {
    case "idle":
      return t("engineIdle");
    case "loading":
      return t("engineLoading");
    case "ready":
      return t("engineReady");
    case "failed":
      return t("engineFailed");
  }
}
