import assert from "node:assert/strict";
import { test } from "node:test";
import { AssistQueue } from "../src/engine/assist/assist-queue";
import type { TextRequest } from "../src/shared/assist-messages";
import { wireError } from "../src/shared/errors";
import type { HostEvent } from "../src/shared/protocol";
import { done } from "./fake-tier";

const request = (id: number): TextRequest => ({ type: "summarize", id, text: "x", length: "short" });

function setUp() {
  const log: string[] = [];
  const queue = new AssistQueue<string>(
    {
      start: (key, { id }) => log.push(`start ${id} as ${key}`),
      supersede: (key) => log.push(`supersede ${key}`),
      idle: () => log.push("idle"),
    },
    (port, event: HostEvent) => log.push(`${port}: ${event.type === "error" ? event.error.code : event.type}`),
  );
  return { queue, log };
}

test("one at a time, in order of arrival, once the engine is ready", () => {
  const { queue, log } = setUp();
  queue.submit("a", request(1));
  queue.submit("b", request(2));
  assert.deepEqual(log, []);
  queue.setOpen(true);
  queue.event(1, { type: "delta", id: 1, text: "x" });
  queue.event(1, done(1));
  queue.event(2, done(2));
  assert.deepEqual(log, ["start 1 as 1", "a: delta", "a: done", "start 2 as 2", "b: done", "idle"]);
});

test("cancelling answers at once; what the worker still says is for nobody", () => {
  const { queue, log } = setUp();
  queue.setOpen(true);
  queue.submit("a", request(1));
  queue.submit("a", request(2));
  queue.cancel("a", 2);
  queue.cancel("a", 1);
  queue.cancel("a", 1);
  queue.event(1, { type: "delta", id: 1, text: "x" });
  queue.event(1, { type: "error", id: 1, error: wireError("cancelled", "m", true) });
  assert.deepEqual(log, ["start 1 as 1", "a: cancelled", "a: cancelled", "supersede 1", "idle"]);
});

test("a dead worker ends everything once", () => {
  const { queue, log } = setUp();
  queue.setOpen(true);
  queue.submit("a", request(1));
  queue.submit("b", request(2));
  queue.setOpen(false);
  queue.failAll(wireError("peerGone", "m", true));
  queue.event(1, done(1));
  assert.deepEqual(log, ["start 1 as 1", "a: peerGone", "b: peerGone"]);
  assert.equal(queue.isIdle, true);
});

test("a long line is refused at its end", () => {
  const { queue, log } = setUp();
  for (let id = 1; id <= 9; id += 1) queue.submit("a", request(id));
  assert.deepEqual(log, ["a: overloaded"]);
});
