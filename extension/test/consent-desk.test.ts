import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { ConsentDesk } from "../src/engine/consent/consent-desk";
import { isSheet } from "../src/engine/consent/consent-ports";
import type { SheetEvent } from "../src/shared/consent-messages";
import { wireError } from "../src/shared/errors";
import type { ConsentAnswer, ConsentChoice, ConsentRequest } from "../src/shared/protocol";
import { QUESTION } from "./fake-tier";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

const once: ConsentChoice = { type: "once" };
const revise: ConsentChoice = { type: "revise", edits: { lifted: ["Anna"], added: [] } };
const question = (nonce: string): ConsentRequest => ({ ...QUESTION, nonce });
const answer = (nonce: string, choice: ConsentChoice): ConsentAnswer => ({ nonce, payloadSha256: "00", choice });

function setUp() {
  let opened = 0;
  const desk = new ConsentDesk({
    open: async () => {
      opened += 1;
    },
    unlock: async (passphrase) => (passphrase === "right" ? null : wireError("cloudKeyLocked", "Wrong.")),
  });
  const answers: string[] = [];
  const ask = (nonce: string) =>
    desk.ask(question(nonce), (given) => answers.push(`${given.nonce} ${given.choice.type}`));
  const shown: SheetEvent[] = [];
  const sheet = { post: (event: SheetEvent) => shown.push(event) };
  const screen = () => {
    const last = shown.at(-1);
    return last?.type === "question" ? last.request.nonce : last?.type;
  };
  return { desk, ask, answers, sheet, screen, shown, opened: () => opened };
}

test("a question opens the sheet, is answered once, and makes room for the next", () => {
  const { desk, ask, answers, sheet, screen, opened } = setUp();
  ask("a");
  ask("b");
  assert.equal(opened(), 1);
  desk.connected(sheet);
  assert.equal(screen(), "a");
  desk.receive(sheet, { type: "answer", answer: answer("a", once) });
  desk.receive(sheet, { type: "answer", answer: answer("a", once) });
  assert.deepEqual(answers, ["a once"]);
  assert.equal(screen(), "b");
  desk.receive(sheet, { type: "answer", answer: answer("b", { type: "no" }) });
  assert.deepEqual(answers, ["a once", "b no"]);
  assert.equal(screen(), "none");
});

test("an answer to what is not on the screen is none", () => {
  const { desk, ask, answers, sheet } = setUp();
  ask("a");
  ask("b");
  desk.connected(sheet);
  for (const raw of [null, 1, {}, { type: "answer" }, { type: "answer", answer: answer("b", once) }]) {
    desk.receive(sheet, raw);
  }
  const other = { post: () => undefined };
  desk.receive(other, { type: "answer", answer: answer("a", once) });
  assert.deepEqual(answers, []);
});

test("closing the sheet declines everything that was asked", () => {
  const { desk, ask, answers, sheet } = setUp();
  ask("a");
  ask("b");
  desk.connected(sheet);
  desk.disconnected(sheet);
  assert.deepEqual(answers, ["a no", "b no"]);
});

test("a sheet that never comes up is a no, and so is a question that nobody answers in time", () => {
  const late = setUp();
  late.ask("a");
  mock.timers.tick(20_000);
  assert.deepEqual(late.answers, ["a no"]);

  const slow = setUp();
  slow.ask("a");
  slow.desk.connected(slow.sheet);
  mock.timers.tick(QUESTION.expiresInS * 1_000);
  assert.deepEqual(slow.answers, ["a no"]);
  assert.equal(slow.screen(), "none");
});

test("what was changed is shown anew, before what waits in line", () => {
  const { desk, ask, answers, sheet, screen } = setUp();
  ask("a");
  ask("b");
  desk.connected(sheet);
  desk.receive(sheet, { type: "answer", answer: answer("a", revise) });
  assert.equal(screen(), "wait");
  ask("a2");
  assert.equal(screen(), "a2");
  desk.receive(sheet, { type: "answer", answer: answer("a2", once) });
  assert.deepEqual(answers, ["a revise", "a2 once"]);
  assert.equal(screen(), "b");
});

test("a change that comes to nothing does not leave the sheet waiting", () => {
  const { desk, ask, sheet, screen } = setUp();
  const withdraw = ask("a");
  desk.connected(sheet);
  desk.receive(sheet, { type: "answer", answer: answer("a", revise) });
  withdraw();
  assert.equal(screen(), "none");
});

test("a question that is withdrawn is gone from the screen and not answered", () => {
  const { desk, ask, answers, sheet, screen } = setUp();
  const withdraw = ask("a");
  desk.connected(sheet);
  withdraw();
  withdraw();
  assert.equal(screen(), "none");
  assert.deepEqual(answers, []);
});

test("the right passphrase opens the key, the wrong one says so", async () => {
  const { desk, ask, sheet, shown } = setUp();
  ask("a");
  desk.connected(sheet);
  for (const passphrase of ["wrong", "right"]) {
    desk.receive(sheet, { type: "unlock", passphrase });
    await new Promise((resolve) => setImmediate(resolve));
  }
  const results = shown.flatMap((event) => (event.type === "unlocked" ? [event.error?.code ?? "ok"] : []));
  assert.deepEqual(results, ["cloudKeyLocked", "ok"]);
});

test("only the sheet's own page, at the top of a tab, is a sheet", () => {
  const url = "chrome-extension://own/consent.html";
  const tab = { id: 1 } as chrome.tabs.Tab;
  assert.equal(isSheet({ id: "own", url, frameId: 0, tab }, "own", url), true);
  assert.equal(isSheet({ id: "own", url, frameId: 3, tab }, "own", url), false);
  assert.equal(isSheet({ id: "own", url, frameId: 0 }, "own", url), false);
  assert.equal(isSheet({ id: "own", url: `${url}?x`, frameId: 0, tab }, "own", url), false);
  assert.equal(isSheet({ id: "own", url: "https://a.example/", frameId: 0, tab }, "own", url), false);
  assert.equal(isSheet({ id: "other", url, frameId: 0, tab }, "own", url), false);
  assert.equal(isSheet(undefined, "own", url), false);
});
