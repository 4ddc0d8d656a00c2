import assert from "node:assert/strict";
import { test } from "node:test";
import { type FieldFacts, judge, nameWords } from "../src/content/field-policy";

const plain: FieldFacts = {
  kind: "textarea",
  inputType: "",
  autocomplete: [],
  names: ["message"],
  inputMode: "",
  maxLength: -1,
  role: "",
  ariaAutocomplete: "",
  hasList: false,
  locked: false,
  masked: false,
};
const input: FieldFacts = { ...plain, kind: "input", inputType: "text" };

function verdict(facts: FieldFacts): string {
  const result = judge(facts);
  return result.allowed ? "allowed" : result.reason;
}

test("prose fields are allowed", () => {
  assert.equal(verdict(plain), "allowed");
  assert.equal(verdict(input), "allowed");
  assert.equal(verdict({ ...input, inputType: "search", role: "searchbox" }), "allowed");
  assert.equal(verdict({ ...plain, kind: "editable", role: "textbox", inputType: "" }), "allowed");
  assert.equal(verdict({ ...input, autocomplete: ["off"], names: ["Subject"] }), "allowed");
});

test("an unknown input type is text, as in every browser", () => {
  assert.equal(verdict({ ...input, inputType: "sentence" }), "allowed");
});

test("inputs that hold no prose are off", () => {
  for (const inputType of ["email", "url", "tel", "number", "date", "range", "file", "hidden"]) {
    assert.equal(verdict({ ...input, inputType }), "offHere", inputType);
  }
});

test("what is drawn as dots is never read", () => {
  assert.equal(verdict({ ...input, inputType: "password" }), "secureField");
  assert.equal(verdict({ ...input, masked: true }), "secureField");
});

test("autocomplete tokens of secrets are never read, in any position", () => {
  for (const token of ["one-time-code", "cc-number", "cc-csc", "cc-exp", "current-password", "new-password"]) {
    assert.equal(verdict({ ...input, autocomplete: ["section-a", "billing", token] }), "secureField", token);
  }
});

test("names of secrets are never read", () => {
  const names = [
    "otp",
    "otpCode",
    "login_totp",
    "CVV",
    "card-cvc",
    "cardNumber",
    "Card number",
    "credit_card",
    "user[pin]",
    "PIN:",
    "ssn",
    "Social Security Number",
    "Seed phrase",
    "seedPhrase",
    "wallet-mnemonic",
    "Recovery phrase",
    "client_secret",
    "passphrase",
    "IBAN",
    "apiKey",
    "API key",
    "access_token",
    "new-password-visible",
    "Passwort",
    "Verification code",
    "securityCode",
    "Security question",
  ];
  for (const name of names) assert.equal(verdict({ ...input, names: [name] }), "secureField", name);
});

test("names that only look alike are allowed", () => {
  const names = [
    "opinion",
    "shopping list",
    "Pinned note",
    "spinner",
    "secretary",
    "tokenize this text",
    "Discard reason",
  ];
  for (const name of names) assert.equal(verdict({ ...input, names: [name] }), "allowed", name);
});

test("autocomplete=off makes suspect names secret", () => {
  assert.equal(verdict({ ...input, names: ["account"] }), "allowed");
  assert.equal(verdict({ ...input, names: ["account"], autocomplete: ["off"] }), "secureField");
});

test("short numeric fields and one-character boxes are codes", () => {
  assert.equal(verdict({ ...input, inputMode: "numeric", maxLength: 6 }), "secureField");
  assert.equal(verdict({ ...input, inputMode: "numeric", maxLength: 100 }), "allowed");
  assert.equal(verdict({ ...input, maxLength: 1 }), "secureField");
});

test("fields with their own suggestions, locked fields and opt-outs are off", () => {
  assert.equal(verdict({ ...input, role: "combobox" }), "offHere");
  assert.equal(verdict({ ...input, ariaAutocomplete: "list" }), "offHere");
  assert.equal(verdict({ ...input, ariaAutocomplete: "both" }), "offHere");
  assert.equal(verdict({ ...input, ariaAutocomplete: "none" }), "allowed");
  assert.equal(verdict({ ...plain, locked: true }), "offHere");
  assert.equal(verdict({ ...input, autocomplete: ["username"] }), "offHere");
  assert.equal(verdict({ ...input, hasList: true }), "offHere");
});

test("names are split the way people read them", () => {
  assert.equal(nameWords("cardNumber"), "card number");
  assert.equal(nameWords("card_number[0]"), "card number 0");
  assert.equal(nameWords("userPINCode"), "user pin code");
  assert.equal(nameWords("Kartennummer:"), "kartennummer");
});
