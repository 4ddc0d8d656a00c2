// Taking adapters and texts to another device: into a file that only a passphrase opens, and out of one. The host seals and
// opens; this page hands the sealed bytes on, chunk by chunk, and keeps neither them nor the passphrase.

import { readChunks, writeChunks } from "../shared/chunks";
import { byId, setText } from "../shared/dom";
import { SottoError, toWireError, wireError } from "../shared/errors";
import { t } from "../shared/i18n";
import { isAdapterName } from "../shared/personal-checks";
import type { PersonalLink } from "../shared/personal-link";
import { type ExportKind, MAX_EXPORT_BYTES, type PersonalStatus } from "../shared/protocol";
import { download } from "./download";

/** As the host wants it, in characters. */
const MIN_PASSPHRASE = 12;

/** The choice of texts; every other value is an adapter's name, which has no such character. */
const TEXTS = "*";

export class TransferView {
  readonly #link: PersonalLink;
  readonly #imported: () => void;
  readonly #what = byId("export-what", HTMLSelectElement);
  readonly #first = byId("export-passphrase", HTMLInputElement);
  readonly #again = byId("export-again", HTMLInputElement);
  readonly #file = byId("import-file", HTMLInputElement);
  readonly #name = byId("import-name", HTMLInputElement);
  readonly #passphrase = byId("import-passphrase", HTMLInputElement);

  /** `imported` is called when there are other texts or adapters than before. */
  constructor(link: PersonalLink, imported: () => void) {
    this.#link = link;
    this.#imported = imported;
    const submit = (id: string, action: () => Promise<void>) =>
      byId(id, HTMLFormElement).addEventListener("submit", (event) => {
        event.preventDefault();
        if (event.isTrusted) void this.#do(action);
      });
    submit("export", () => this.#export());
    submit("import", () => this.#import());
  }

  draw({ adapters, texts }: PersonalStatus): void {
    const chosen = this.#what.value;
    const options = adapters.map(({ name }) => new Option(t("exportAdapter", name), name));
    this.#what.replaceChildren(new Option(t("exportTexts", String(texts)), TEXTS), ...options);
    if ([...this.#what.options].some(({ value }) => value === chosen)) this.#what.value = chosen;
  }

  clear(): void {
    for (const input of [this.#first, this.#again, this.#file, this.#passphrase]) input.value = "";
    setText("transfer-state", "");
    setText("transfer-problem", "");
  }

  async #export(): Promise<void> {
    const passphrase = this.#first.value;
    if ([...passphrase].length < MIN_PASSPHRASE || passphrase !== this.#again.value)
      throw bad(t("exportPassphraseBad"));
    const name = this.#what.value;
    const what: ExportKind = name === TEXTS ? { type: "texts" } : { type: "adapter", name };
    const read = async (index: number) => {
      const task =
        index === 0 ? ({ type: "export", what, passphrase } as const) : ({ type: "readExport", index } as const);
      return this.#link.start(task, "exported").answer;
    };
    const damaged = () => new SottoError(wireError("adapterInvalid", t("transferBroken"), true));
    const tooLong = () =>
      new SottoError(wireError("tooLarge", t("importTooLarge", String(MAX_EXPORT_BYTES / 2 ** 20))));
    const parts = await readChunks(read, MAX_EXPORT_BYTES, { misbehaved: damaged, damaged, tooLong });
    download(`sotto-${name === TEXTS ? "texts" : name}.age`, "application/octet-stream", parts);
    this.clear();
    setText("transfer-state", t("exportDone"));
  }

  async #import(): Promise<void> {
    const [file] = this.#file.files ?? [];
    const name = this.#name.value;
    if (!file) throw bad(t("importNoFile"));
    if (!isAdapterName(name)) throw bad(t("importNameBad"));
    if (file.size > MAX_EXPORT_BYTES) {
      throw new SottoError(wireError("tooLarge", t("importTooLarge", String(MAX_EXPORT_BYTES / 2 ** 20))));
    }
    const passphrase = this.#passphrase.value;
    await writeChunks(file, (part) => this.#link.start({ type: "putImport", ...part }, "received").answer);
    const { isAdapter, texts, leftOut } = await this.#link.start({ type: "import", name, passphrase }, "imported")
      .answer;
    this.clear();
    setText("transfer-state", isAdapter ? t("importAdapter", name) : t("importTexts", String(texts), String(leftOut)));
    this.#imported();
  }

  /** What goes wrong is a sentence; what was chosen stays, but for passphrases. */
  async #do(action: () => Promise<void>): Promise<void> {
    const buttons = ["export-now", "import-now"].map((id) => byId(id, HTMLButtonElement));
    for (const button of buttons) button.disabled = true;
    setText("transfer-problem", "");
    setText("transfer-state", t("transferRunning"));
    try {
      await action();
    } catch (error) {
      setText("transfer-state", "");
      setText("transfer-problem", toWireError(error, t("personalFailed")).message);
    }
    for (const input of [this.#first, this.#again, this.#passphrase]) input.value = "";
    for (const button of buttons) button.disabled = false;
  }
}

function bad(message: string): SottoError {
  return new SottoError(wireError("badRequest", message));
}
