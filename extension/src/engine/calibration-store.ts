// What the engine remembers between starts: the calibration, and whether WebGPU was being tried when everything ended.
// In localStorage, the one store that an offscreen page has. A damaged entry counts as none.

import type { StoredCalibration } from "./worker-messages";

const CALIBRATION_KEY = "calibration";
const TRYING_KEY = "tryingWebgpu";

export class CalibrationStore {
  readonly #storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;

  constructor(storage: Pick<Storage, "getItem" | "setItem" | "removeItem">) {
    this.#storage = storage;
  }

  read(): StoredCalibration | null {
    try {
      const stored: unknown = JSON.parse(this.#storage.getItem(CALIBRATION_KEY) ?? "null");
      return isCalibration(stored) ? stored : null;
    } catch {
      return null;
    }
  }

  write(calibration: StoredCalibration | null): void {
    if (calibration) this.#storage.setItem(CALIBRATION_KEY, JSON.stringify(calibration));
    else this.#storage.removeItem(CALIBRATION_KEY);
  }

  /** True if the last start ended while WebGPU was being tried. */
  crashedBefore(): boolean {
    return this.#storage.getItem(TRYING_KEY) !== null;
  }

  setTrying(trying: boolean): void {
    if (trying) this.#storage.setItem(TRYING_KEY, "1");
    else this.#storage.removeItem(TRYING_KEY);
  }
}

function isCalibration(value: unknown): value is StoredCalibration {
  return (
    typeof value === "object" &&
    value !== null &&
    "key" in value &&
    typeof value.key === "string" &&
    "measurements" in value &&
    Array.isArray(value.measurements)
  );
}
