import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAssistMessage } from "../src/shared/assist-messages";
import { checkHostEvent } from "../src/shared/host-events";
import { ANSWER } from "./fake-tier";
import { pick, seeded } from "./random";

test("requests within their limits pass, without what is not of the protocol", () => {
  const chat = { type: "chat", id: 1, messages: [{ role: "user", text: "hi", extra: 1 }], page: undefined, more: 2 };
  assert.deepEqual(checkAssistMessage(chat), {
    ok: true,
    value: { type: "chat", id: 1, messages: [{ role: "user", text: "hi" }], page: null },
    site: null,
  });
  const summary = checkAssistMessage({ type: "summarize", id: 2, text: "x", length: "epic" });
  assert.equal(summary.ok && summary.value.type === "summarize" && summary.value.length, "medium");
});

test("a newer host may say more, and is understood", () => {
  const welcome = { type: "welcome", id: 1, protocol: 7, host: "9", capabilities: ["chat", "fly"], colour: "red" };
  assert.deepEqual(checkHostEvent(welcome), {
    ok: true,
    event: { type: "welcome", id: 1, protocol: 7, host: "9", capabilities: ["chat"] },
  });
  assert.equal(
    checkHostEvent({ type: "error", id: 1, error: { code: "new", message: "m", retryable: true } }).ok,
    true,
  );
});

test("10,000 malformed messages: no exception, and nothing odd passes", () => {
  const random = seeded(11);
  const values = [null, undefined, 0, 1, -1, 2 ** 40, 1.5, Number.NaN, "", "x", true, [], {}, [1], { id: 1 }, ANSWER];
  const names = ["type", "id", "text", "messages", "page", "length", "answer", "error", "status", "done", "total"];
  const types = ["chat", "summarize", "cancel", "status", "delta", "done", "error", "welcome", "progress", "hello"];
  for (let round = 0; round < 10_000; round += 1) {
    const message: Record<string, unknown> = { type: pick(random, types), id: pick(random, [1, 2, undefined, "1"]) };
    for (const name of names) if (random() < 0.4) message[name] = pick(random, values);
    for (const raw of [message, pick(random, values)]) {
      const request = checkAssistMessage(raw);
      if (request.ok) assert.ok(Number.isInteger(request.value.id));
      else assert.ok(request.id >= 0);
      const event = checkHostEvent(raw);
      if (event.ok && event.event.type === "delta") assert.equal(typeof event.event.text, "string");
      if (event.ok && event.event.type === "done") assert.equal(typeof event.event.answer.engine.model, "string");
    }
  }
});
