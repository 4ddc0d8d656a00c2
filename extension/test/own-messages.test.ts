import assert from "node:assert/strict";
import { test } from "node:test";
import { ownMessages } from "../src/engine/own-messages";
import { wireError } from "../src/shared/errors";
import { checkHostEvent } from "../src/shared/host-events";
import type { Reply } from "../src/shared/messages";
import type { TelemetryView } from "../src/shared/protocol";
import { parseSettings } from "../src/shared/settings";

const ORIGIN = "chrome-extension://own/";

function setUp() {
  const done: string[] = [];
  const receive = ownMessages(
    {
      host: { preferenceChanged: () => done.push("preference") },
      book: {
        view: async () => ({ shown: 3 }) as TelemetryView,
        export: async () => {
          throw Object.assign(new Error("Epsilon is out of its range."), { code: "badRequest" });
        },
      },
      packs: {
        view: async () => Promise.reject(new Error("not asked for here")),
        take: async (version) => void done.push(`take ${version}`),
        drop: async () => void done.push("drop"),
      },
      personal: {
        refresh: async () => void done.push("personal"),
        view: async () => ({ trouble: "locked", adapter: null, adapterTrouble: "", model: 3, training: "" }),
      },
      phrases: {
        do: async (task) => {
          done.push(`phrases ${task.type}`);
          return Promise.reject(wireError("internal", "not asked for here"));
        },
      },
      forget: () => done.push("forget"),
    },
    "own",
    ORIGIN,
  );
  const ask = (message: unknown, sender: object) =>
    new Promise<Reply<object> | "not ours">((resolve) => {
      if (!receive(message, sender as never, resolve)) resolve("not ours");
    });
  return { ask, done };
}

test("the service worker and our own pages are answered, pages of the web are not", async () => {
  const { ask, done } = setUp();
  const tab = { id: 1 };
  assert.deepEqual(await ask({ type: "forget" }, { id: "own", url: `${ORIGIN}background.js` }), {
    ok: true,
    value: {},
  });
  assert.deepEqual(await ask({ type: "telemetry" }, { id: "own", url: `${ORIGIN}options.html`, tab }), {
    ok: true,
    value: { view: { shown: 3 } },
  });
  for (const sender of [
    { id: "own", url: "https://a.example/", tab },
    { id: "other", url: `${ORIGIN}options.html` },
  ]) {
    assert.equal(await ask({ type: "forget" }, sender), "not ours");
    assert.equal(await ask({ type: "telemetry" }, sender), "not ours");
  }
  assert.equal(await ask({ type: "toString" }, { id: "own", url: `${ORIGIN}x` }), "not ours");
  assert.equal(await ask(null, { id: "own", url: `${ORIGIN}x` }), "not ours");
  assert.deepEqual(done, ["forget"]);
});

test("personalisation is asked about by our own pages alone", async () => {
  const { ask, done } = setUp();
  const tab = { id: 1 };
  const page = { id: "own", url: `${ORIGIN}options.html`, tab };
  const view = { trouble: "locked", adapter: null, adapterTrouble: "", model: 3, training: "" };
  assert.deepEqual(await ask({ type: "personal" }, page), { ok: true, value: { view } });
  await ask({ type: "personalChanged" }, page);
  for (const type of ["personal", "personalChanged"]) {
    assert.equal(await ask({ type }, { id: "own", url: "https://a.example/", tab }), "not ours");
  }
  assert.deepEqual(done, ["personal"]);
});

test("what goes wrong is told as data", async () => {
  const { ask } = setUp();
  assert.deepEqual(await ask({ type: "exportTelemetry", epsilon: 0 }, { id: "own", url: `${ORIGIN}options.html` }), {
    ok: false,
    error: wireError("badRequest", "Epsilon is out of its range."),
  });
});

test("nothing is offered, allowed or listed until the user says so, whatever a damaged store holds", () => {
  for (const raw of [
    undefined,
    {},
    { offerCloud: "yes", localOnlySites: "x", ownTerms: [1, " ", "a", "a ", "x".repeat(201)] },
  ]) {
    const { offerCloud, localOnlySites, ownTerms } = parseSettings(raw, false);
    assert.equal(offerCloud, false);
    assert.deepEqual(localOnlySites, []);
    assert.deepEqual(ownTerms, raw && "ownTerms" in raw ? ["a"] : []);
  }
});

test("records are taken with events that this version does not know, and not without their hashes", () => {
  const one = { sequence: 1, atS: 2, event: { type: "danced" }, previous: "00", hash: "01" };
  const page = { records: [one], total: 1, head: { sequence: 1, hash: "01" } };
  assert.equal(checkHostEvent({ type: "audit", id: 1, page }).ok, true);
  const { hash: _, ...rest } = one;
  assert.equal(checkHostEvent({ type: "audit", id: 1, page: { ...page, records: [rest] } }).ok, false);
  const verdict = { records: 1, head: page.head, problemCount: 0, problems: [] };
  assert.equal(checkHostEvent({ type: "auditVerdict", id: 1, verdict }).ok, true);
  const deletion = { auditRecords: 1, permissions: 0, sends: 0, endpoint: true };
  assert.equal(checkHostEvent({ type: "deleted", id: 1, deletion }).ok, true);
});

test("an endpoint that the host describes in another form is none", () => {
  const status = { model: "", isAbstractive: false, device: "", reason: "", memoryLimitMib: 1, sandbox: "" };
  const told = (cloud: unknown) => {
    const checked = checkHostEvent({ type: "status", id: 1, status: { ...status, cloud } });
    return checked.ok && checked.event.type === "status" ? checked.event.status.cloud : "none";
  };
  assert.equal(told(undefined), null);
  assert.equal(told({ endpoint: null }), null);
});
