// When a yes may be given: once the question has been in front of the user's eyes for a moment. A page can put a window of
// its own over the sheet and take it away just before a click; whoever clicks then has not seen what the click says. So the
// time begins anew whenever the sheet comes to the front, and a click that no person made counts for nothing.

export interface GuardWindow {
  isInFront(): boolean;
  /** Calls back when that may have changed. */
  onChange(callback: () => void): void;
  setTimer(callback: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
}

/** As long as it takes to see that a window has come up; about three times the time of a reaction. */
export const SEEN_MS = 800;

export class Guard {
  readonly #window: GuardWindow;
  readonly #changed: (mayAgree: boolean) => void;
  #timer: unknown;
  #isAsking = false;
  #mayAgree = false;

  /** `changed` hears whether a yes may be given. */
  constructor(window: GuardWindow, changed: (mayAgree: boolean) => void) {
    this.#window = window;
    this.#changed = changed;
    window.onChange(() => this.#begin());
  }

  /** Another question is on the screen, or none. */
  asked(isAsking: boolean): void {
    this.#isAsking = isAsking;
    this.#begin();
  }

  /** Whether this click may agree. */
  accepts(event: Pick<Event, "isTrusted">): boolean {
    return event.isTrusted && this.#mayAgree && this.#window.isInFront();
  }

  #begin(): void {
    this.#window.clearTimer(this.#timer);
    this.#set(false);
    if (!this.#isAsking || !this.#window.isInFront()) return;
    this.#timer = this.#window.setTimer(() => this.#set(this.#window.isInFront()), SEEN_MS);
  }

  #set(mayAgree: boolean): void {
    this.#mayAgree = mayAgree;
    this.#changed(mayAgree);
  }
}

/** The window that this script runs in. */
export function thisWindow(): GuardWindow {
  return {
    isInFront: () => document.visibilityState === "visible" && document.hasFocus(),
    onChange: (callback) => {
      for (const type of ["focus", "blur", "resize"]) addEventListener(type, callback);
      document.addEventListener("visibilitychange", callback);
    },
    setTimer: (callback, ms) => setTimeout(callback, ms),
    clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  };
}
