// What is known of one field: the verdict of the policy, kept up to date, the pace of its user, and its hints for the
// engine. Of its text, only a suggestion that was dismissed is remembered.

import type { FieldHints } from "../shared/protocol";
import { isOptedOut, ownFacts } from "./field-facts";
import { judge, type Verdict } from "./field-policy";
import { type EditableField, isSingleLine, isVisibleField } from "./fields";
import { Pacing } from "./pacing";
import type { PasswordMemory } from "./password-memory";
import type { Suggestion } from "./suggestion";
import { px } from "./text-style";

/** Attributes that the policy looks at. */
const POLICY_ATTRIBUTES = (
  "type autocomplete name id placeholder aria-label aria-placeholder aria-labelledby title data-testid inputmode maxlength " +
  "role aria-autocomplete list readonly disabled aria-readonly aria-disabled contenteditable"
).split(" ");

/** A native field may be masked by style alone; editors change their own style with every key, and are never masked. */
const STYLE_ATTRIBUTES = ["class", "style"];

/** An average character is about half as wide as the font is high (measured on common sans-serif fonts: 0.45-0.55). */
const CHAR_WIDTH_EM = 0.5;

/** With less room than this in an input, the ghost goes on a card below it, which may be as wide as the field. */
const MIN_ROOM_CHARS = 12;

const U16_MAX = 0xffff;

export class FieldContext {
  readonly field: EditableField;
  readonly pacing = new Pacing();
  /** The last suggestion that the user sent away here: for its text, there is silence. */
  dismissed: Suggestion | undefined;
  readonly #passwords: PasswordMemory;
  readonly #observer: MutationObserver;
  /** By the field's own attributes; what lies around it is asked each time. */
  #verdict: Verdict | undefined;
  #large = true;
  #widthChars: number | undefined;

  constructor(field: EditableField, passwords: PasswordMemory) {
    this.field = field;
    this.#passwords = passwords;
    this.#observer = new MutationObserver(() => this.#forget());
    this.#observer.observe(field.element, {
      attributeFilter: field.kind === "editable" ? POLICY_ATTRIBUTES : [...POLICY_ATTRIBUTES, ...STYLE_ATTRIBUTES],
    });
  }

  /** Whether text may be read now. */
  verdict(): Verdict {
    if (this.#observer.takeRecords().length > 0) this.#forget();
    const { element } = this.field;
    if (this.#passwords.wasPassword(element)) return { allowed: false, reason: "secureField" };
    this.#verdict ??= this.#judge();
    if (!this.#verdict.allowed) return this.#verdict;
    return this.#large && !isOptedOut(element) ? this.#verdict : { allowed: false, reason: "offHere" };
  }

  /** Measures the field. Called on focus and resize, when the browser's layout is done anyway, never on a keystroke. */
  measure(): void {
    const { element } = this.field;
    this.#large = isVisibleField(element);
    this.#widthChars = undefined;
    if (this.field.kind === "input") {
      const style = getComputedStyle(element);
      const width = element.clientWidth - px(style.paddingLeft) - px(style.paddingRight);
      this.#widthChars = Math.max(0, Math.floor(width / (px(style.fontSize) * CHAR_WIDTH_EM || 1)));
    }
  }

  /** `lengthUtf16` is that of the line around the caret. */
  hints(lengthUtf16: number): FieldHints {
    const width = this.#widthChars;
    let roomChars: number | null = null;
    if (width !== undefined) {
      const room = width - lengthUtf16;
      roomChars = Math.min(U16_MAX, room >= MIN_ROOM_CHARS ? room : width);
    }
    return { singleLine: isSingleLine(this.field), roomChars };
  }

  stop(): void {
    this.#observer.disconnect();
  }

  #judge(): Verdict {
    const facts = ownFacts(this.field);
    // Dots by style are as good as a password field, and the style may be a "show" button away.
    if (facts.masked) this.#passwords.remember(this.field.element);
    return judge(facts);
  }

  #forget(): void {
    this.#verdict = undefined;
  }
}
