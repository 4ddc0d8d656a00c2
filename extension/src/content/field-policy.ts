// May this field be read at all? Decided from facts that attributes give, before any text is touched. Pure: the facts
// come from field-facts.ts. Any doubt means no: a field that is wrongly left alone costs a suggestion, the other mistake
// costs a secret.

export type FieldKind = "textarea" | "input" | "editable";

/** What attributes, labels and history say of a field. Strings are lower case. */
export interface FieldFacts {
  kind: FieldKind;
  /** Of an `<input>`; "text" where there is none. */
  inputType: string;
  /** Tokens of `autocomplete`. */
  autocomplete: readonly string[];
  /** name, id, placeholder, aria-label, title, label texts, data-testid: whatever names the field. */
  names: readonly string[];
  inputMode: string;
  /** -1 without one. */
  maxLength: number;
  role: string;
  ariaAutocomplete: string;
  /** The browser shows a list of its own (`<datalist>`). */
  hasList: boolean;
  /** readonly, disabled, aria-readonly, aria-disabled. */
  locked: boolean;
  /** -webkit-text-security or the like draws the text as dots. */
  masked: boolean;
}

export type Verdict = { allowed: true } | { allowed: false; reason: "secureField" | "offHere" };

const ALLOWED: Verdict = { allowed: true };
const SECURE: Verdict = { allowed: false, reason: "secureField" };
const OFF: Verdict = { allowed: false, reason: "offHere" };

/** Types of `<input>` that hold prose. Unknown types behave as text in every browser. */
const OTHER_INPUT_TYPES = new Set(
  (
    "button checkbox color date datetime-local email file hidden image month number password radio range reset " +
    "submit tel time url week"
  ).split(" "),
);

/** `autocomplete` tokens of secrets. Source: the autofill section of the HTML standard. */
const SECRET_AUTOCOMPLETE = /^(one-time-code|current-password|new-password|cc-.+|webauthn|transaction-amount)$/;

/** `autocomplete` tokens of data that the user knows by heart: nothing to continue, and often personal. */
const PERSONAL_AUTOCOMPLETE =
  /^(username|email|tel(-.+)?|url|impp|bday(-.+)?|sex|postal-code|street-address|address-.+|photo|(given|family|additional)-name|name|honorific-.+|nickname|country(-name)?)$/;

/** Whole words or clear parts of the name of a field that holds a secret. Matched against names split into words. */
const SECRET_WORDS =
  /(^| )(pass ?word|passwd|passwort|pwd|pass ?phrase|pass ?code|secret|otp|totp|2fa|mfa|two factor|one time|verification code|security code|auth(entication)? code|sms code|cvv2?|cvc2?|csc|cvn|card ?(no|num|number|nr)|credit card|debit card|cc ?(num|number|no|csc|exp)|expiry|iban|bic|swift|routing number|account (no|number|nr)|sort code|pin|ssn|social security|national id|tax id|passport|seed|seed ?phrase|mnemonic|recovery (phrase|code|key|words)|private key|api ?key|access ?key|secret ?key|token|bearer|credential|license key|security (answer|question))( |$)/;

/** Words that are harmless by themselves but not together with `autocomplete=off`. */
const SUSPECT_WORDS = /(^| )(code|key|card|account|number|id|dob|birth|birthday|salary|answer|login|user ?name)( |$)/;

/** A numeric field this short is a code, not prose. */
const CODE_MAX_LENGTH = 8;

/** The verdict on a field. */
export function judge(facts: FieldFacts): Verdict {
  if (isSecret(facts)) return SECURE;
  if (facts.locked || facts.hasList) return OFF;
  if (facts.role === "combobox" || facts.ariaAutocomplete === "list" || facts.ariaAutocomplete === "both") return OFF;
  if (facts.kind === "input" && OTHER_INPUT_TYPES.has(facts.inputType)) return OFF;
  if (facts.autocomplete.some((token) => PERSONAL_AUTOCOMPLETE.test(token))) return OFF;
  return ALLOWED;
}

function isSecret(facts: FieldFacts): boolean {
  if (facts.masked || facts.inputType === "password") return true;
  if (facts.autocomplete.some((token) => SECRET_AUTOCOMPLETE.test(token))) return true;
  const numeric = facts.inputMode === "numeric" || facts.inputMode === "decimal";
  if (numeric && facts.maxLength >= 0 && facts.maxLength <= CODE_MAX_LENGTH) return true;
  // One box per digit.
  if (facts.kind === "input" && facts.maxLength === 1) return true;
  const off = facts.autocomplete.includes("off");
  return facts.names.some((name) => {
    const words = nameWords(name);
    return SECRET_WORDS.test(words) || (off && SUSPECT_WORDS.test(words));
  });
}

/** `cardNumber`, `card_number`, `card-number[0]` and "Card number:" are all `card number`. */
export function nameWords(name: string): string {
  return name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .toLowerCase()
    .replace(/[^\p{L}\d]+/gu, " ")
    .trim();
}
