import assert from "node:assert/strict";
import { test } from "node:test";
import { siteOfInput } from "../src/options/named-sites-view";
import { checkAssistMessage } from "../src/shared/assist-messages";
import { checkHostEvent } from "../src/shared/host-events";
import type { PersonalStatus } from "../src/shared/protocol";
import { parseSettings } from "../src/shared/settings";

const STATUS: PersonalStatus = {
  isOn: true,
  isOpen: true,
  trouble: "",
  isKeyInFile: false,
  sites: ["https://a.example"],
  texts: 2,
  kib: 1,
  maxDays: 180,
  maxMib: 4,
  adapters: [{ name: "mine", atS: 1, kib: 300 }],
  unfinished: [],
  lastTraining: { atS: 1, isUsed: true },
  newKib: 0,
};

const passes = (answer: unknown) => checkHostEvent({ type: "personal", id: 3, answer }).ok;
const mayAsk = (task: unknown) => checkAssistMessage({ type: "personal", id: 3, task }).ok;

test("what a host says of personalisation passes only whole", () => {
  assert.ok(passes({ type: "status", status: STATUS }));
  assert.ok(passes({ type: "status", status: { ...STATUS, lastTraining: null } }));
  assert.equal(passes({ type: "status", status: { ...STATUS, lastTraining: { atS: 1 } } }), false);
  for (const key of Object.keys(STATUS).filter((key) => key !== "lastTraining")) {
    assert.equal(passes({ type: "status", status: { ...STATUS, [key]: null } }), false, key);
  }
  assert.equal(passes({ type: "status", status: { ...STATUS, sites: [7] } }), false);
  assert.equal(passes({ type: "status", status: { ...STATUS, adapters: [{ name: "../x", atS: 1, kib: 1 }] } }), false);
  assert.ok(passes({ type: "kept", number: 1 }));
  assert.equal(passes({ type: "kept" }), false);
  const text = { number: 1, atS: 2, site: "https://a.example", text: "x" };
  assert.ok(passes({ type: "texts", texts: [text], hasMore: false }));
  assert.equal(passes({ type: "texts", texts: [{ ...text, text: 7 }], hasMore: false }), false);
  assert.equal(passes({ type: "texts", texts: Array(51).fill(text), hasMore: false }), false);
  assert.ok(passes({ type: "trained", outcome: { isUsed: true, before: 1.5, after: 1.4, epsilon: null } }));
  assert.equal(passes({ type: "trained", outcome: { isUsed: true, before: 1.5, after: null, epsilon: null } }), false);
  assert.ok(passes({ type: "adapter", chunk: { index: 0, sha256: "00", data: "" }, chunks: 1 }));
  assert.equal(passes({ type: "adapter", chunk: { index: 0, sha256: "00" }, chunks: 1 }), false);
  const part = { chunk: { index: 0, sha256: "00", data: "" }, chunks: 1 };
  assert.ok(passes({ type: "exported", ...part }));
  assert.ok(passes({ type: "received", index: 0 }));
  assert.ok(passes({ type: "imported", isAdapter: false, texts: 2, leftOut: 0 }));
  assert.equal(passes({ type: "imported", isAdapter: false, texts: 2 }), false);
  assert.equal(passes({ type: "danced" }), false);
});

test("a page may ask for what it shows, and neither put texts in nor take adapters out", () => {
  for (const type of ["status", "switchOn", "switchOff", "eraseAll"]) assert.ok(mayAsk({ type }), type);
  assert.ok(mayAsk({ type: "unlock", passphrase: "x" }));
  assert.ok(mayAsk({ type: "setSite", site: "https://a.example", isNamed: true }));
  assert.ok(mayAsk({ type: "setLimits", days: 30, mib: 1 }));
  assert.ok(mayAsk({ type: "texts", query: "", before: null }));
  assert.ok(mayAsk({ type: "eraseText", number: 1 }));
  assert.ok(mayAsk({ type: "train", name: "mine", site: null, epsilon: 8, browserVersion: 3 }));
  assert.ok(mayAsk({ type: "eraseAdapter", name: "mine" }));
  assert.ok(mayAsk({ type: "export", what: { type: "texts" }, passphrase: "x" }));
  assert.ok(mayAsk({ type: "export", what: { type: "adapter", name: "mine" }, passphrase: "x" }));
  assert.ok(mayAsk({ type: "readExport", index: 1 }));
  assert.ok(mayAsk({ type: "putImport", chunk: { index: 0, sha256: "00", data: "" }, chunks: 1 }));
  assert.ok(mayAsk({ type: "import", name: "mine", passphrase: "x" }));

  assert.equal(mayAsk({ type: "keep", site: "https://a.example", text: "x".repeat(50) }), false);
  assert.equal(mayAsk({ type: "export", what: { type: "adapter", name: "../x" }, passphrase: "x" }), false);
  assert.equal(mayAsk({ type: "export", what: { type: "key" }, passphrase: "x" }), false);
  const large = { index: 0, sha256: "00", data: "A".repeat(800_000) };
  assert.equal(mayAsk({ type: "putImport", chunk: large, chunks: 1 }), false);
  assert.equal(mayAsk({ type: "import", name: "Mine!", passphrase: "x" }), false);
  assert.equal(mayAsk({ type: "readAdapter", name: "mine", index: 0 }), false);
  assert.equal(mayAsk({ type: "setSite", site: "https://a.example/inbox", isNamed: true }), false);
  assert.ok(
    mayAsk({ type: "setSite", site: "https://a.example/inbox", isNamed: false }),
    "it can be taken off the list",
  );
  assert.equal(mayAsk({ type: "setSite", site: "file:///etc", isNamed: true }), false);
  assert.equal(mayAsk({ type: "train", name: "My own", site: null, epsilon: null }), false);
  assert.equal(mayAsk({ type: "train", name: "mine", site: null, epsilon: -1 }), false);
  assert.equal(mayAsk(undefined), false);
});

test("personalisation is off unless the store clearly says that it is on, and names no site", () => {
  for (const raw of [undefined, {}, { personal: "yes", usesAdapter: 0, adapterInUse: "../x" }]) {
    const { personal, usesAdapter, adapterInUse } = parseSettings(raw, false);
    assert.deepEqual([personal, usesAdapter, adapterInUse], [false, true, null]);
  }
  const settings = parseSettings({ personal: true, usesAdapter: false, adapterInUse: "mine", sites: ["x"] }, false);
  assert.deepEqual([settings.personal, settings.usesAdapter, settings.adapterInUse], [true, false, "mine"]);
  assert.ok(!("sites" in settings));
});

test("a site is named by its origin, however somebody writes it", () => {
  for (const written of [
    "https://mail.example",
    " mail.example ",
    "https://mail.example/inbox?x=1",
    "HTTPS://Mail.Example",
  ]) {
    assert.equal(siteOfInput(written), "https://mail.example", written);
  }
  assert.equal(siteOfInput("http://localhost:8080/x"), "http://localhost:8080");
  for (const written of ["", " ", "two words", "file:///etc/passwd", "chrome://settings", "https://"]) {
    assert.equal(siteOfInput(written), undefined, written);
  }
});
