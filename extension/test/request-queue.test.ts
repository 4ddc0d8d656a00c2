import assert from "node:assert/strict";
import { test } from "node:test";
import { checkRequest } from "../src/engine/autocomplete-ports";
import { RequestQueue, type SuggestRequest } from "../src/engine/request-queue";
import { wireError } from "../src/shared/errors";
import type { AutocompleteEvent } from "../src/shared/protocol";

function request(id: number): SuggestRequest {
  return { type: "suggest", id, before: "x", after: "", field: { singleLine: false, roomChars: null } };
}

function done(id: number): AutocompleteEvent {
  return {
    type: "done",
    id,
    outcome: { type: "suppress", reason: "lowConfidence" },
    timing: { totalMs: 1, prefillTokens: 1, reusedTokens: 0, decodeSteps: 1 },
    source: "model",
  };
}

function setUp(open = true) {
  const log: string[] = [];
  const queue = new RequestQueue<string>(
    {
      start: (key, { id }) => log.push(`start ${key} id ${id}`),
      supersede: () => log.push("supersede"),
    },
    (port, event) =>
      log.push(`${port} ${event.type} ${event.id}${event.type === "error" ? ` ${event.error.code}` : ""}`),
  );
  queue.setOpen(open);
  return { queue, log };
}

test("a request ends with the engine's answer", () => {
  const { queue, log } = setUp();
  queue.submit("a", request(1));
  queue.finished(1, done(1));
  assert.deepEqual(log, ["start 1 id 1", "a done 1"]);
  assert.equal(queue.isIdle, true);
});

test("a newer request of the same port cancels the running one at once", () => {
  const { queue, log } = setUp();
  queue.submit("a", request(1));
  queue.submit("a", request(2));
  queue.submit("a", request(3));
  assert.deepEqual(log, ["start 1 id 1", "a error 1 cancelled", "supersede", "a error 2 cancelled"]);
  queue.finished(1, { type: "error", id: 1, error: wireError("cancelled", "", true) });
  assert.deepEqual(log.slice(4), ["start 2 id 3"]);
});

test("ports wait for each other, and each keeps its newest", () => {
  const { queue, log } = setUp();
  queue.submit("a", request(1));
  queue.submit("b", request(1));
  queue.submit("b", request(2));
  queue.finished(1, done(1));
  queue.finished(2, done(2));
  assert.deepEqual(log, ["start 1 id 1", "b error 1 cancelled", "a done 1", "start 2 id 2", "b done 2"]);
});

test("cancel ends a request once, wherever it is", () => {
  const { queue, log } = setUp();
  queue.submit("a", request(1));
  queue.submit("b", request(5));
  queue.cancel("b", 5);
  queue.cancel("a", 1);
  queue.cancel("a", 1);
  queue.finished(1, done(1));
  assert.deepEqual(log, ["start 1 id 1", "b error 5 cancelled", "a error 1 cancelled", "supersede"]);
});

test("requests wait until the engine is ready", () => {
  const { queue, log } = setUp(false);
  queue.submit("a", request(1));
  assert.deepEqual(log, []);
  queue.setOpen(true);
  assert.deepEqual(log, ["start 1 id 1"]);
});

test("a dead worker ends everything at once", () => {
  const { queue, log } = setUp();
  queue.submit("a", request(1));
  queue.submit("b", request(2));
  queue.failAll(wireError("peerGone", "gone", true));
  assert.deepEqual(log, ["start 1 id 1", "a error 1 peerGone", "b error 2 peerGone"]);
  queue.finished(1, done(1));
  assert.equal(log.length, 3);
});

test("a closed port gets nothing any more", () => {
  const { queue, log } = setUp();
  queue.submit("a", request(1));
  queue.dropPort("a");
  queue.finished(1, done(1));
  assert.deepEqual(log, ["start 1 id 1", "supersede"]);
});

test("requests are checked against the protocol", () => {
  const code = (message: unknown) => {
    const result = checkRequest(message);
    return result.ok ? "ok" : `${result.id} ${result.error.code}`;
  };
  assert.equal(code(request(7)), "ok");
  assert.equal(code({ type: "warm", id: 1 }), "ok");
  assert.equal(code(null), "0 badRequest");
  assert.equal(code({ type: "dance", id: 3 }), "3 badRequest");
  assert.equal(code({ ...request(3), before: 5 }), "3 badRequest");
  assert.equal(code({ ...request(3), before: "x".repeat(2_001) }), "3 tooLarge");
  assert.equal(code({ ...request(3), after: "x".repeat(401) }), "3 tooLarge");
  assert.equal(code({ ...request(-1) }), "0 badRequest");
});
