// "Delete everything": what the host keeps, then what the extension keeps. In this order, because the right to talk to the
// host is among what is given back.

import type { AssistClient } from "../shared/assist-client";
import { byId, setHidden, setText } from "../shared/dom";
import { toWireError } from "../shared/errors";
import { t } from "../shared/i18n";
import { send } from "../shared/messages";
import type { WireError } from "../shared/protocol";

export class DeleteView {
  readonly #client: Pick<AssistClient, "request">;

  constructor(client: Pick<AssistClient, "request">) {
    this.#client = client;
    const click = (id: string, action: () => void) =>
      byId(id, HTMLButtonElement).addEventListener("click", (event) => event.isTrusted && action());
    click("delete-everything", () => this.#askFirst(true));
    click("delete-no", () => this.#askFirst(false));
    click("delete-yes", () => void this.#delete());
    click("delete-rest", () => void this.#deleteOwn(t("deletedOwn")));
  }

  #askFirst(isAsking: boolean): void {
    setHidden("delete-confirm", !isAsking);
    setHidden("delete-everything", isAsking);
    setText("delete-state", "");
    if (isAsking) byId("delete-no", HTMLButtonElement).focus();
  }

  async #delete(): Promise<void> {
    this.#askFirst(false);
    setText("delete-state", t("deleting"));
    const error = await this.#deleteHosts();
    if (error) {
      setText("delete-state", t("deleteHostFailed", error.message));
      setHidden("delete-rest", false);
      return;
    }
    await this.#deleteOwn(t("deleted"));
  }

  /** What came in the way; null if it is gone, or if there is no host that could keep anything. */
  #deleteHosts(): Promise<WireError | null> {
    return new Promise((resolve) => {
      this.#client.request({ type: "deleteEverything" }, (event) => {
        if (event.type === "deleted") resolve(null);
        else if (event.type === "error") resolve(event.error.code === "hostMissing" ? null : event.error);
      });
    });
  }

  async #deleteOwn(done: string): Promise<void> {
    setHidden("delete-rest", true);
    try {
      await send("deleteEverything", {});
      localStorage.clear();
      setText("delete-state", done);
    } catch (error) {
      setText("delete-state", toWireError(error, t("deleteFailed")).message);
    }
  }
}
