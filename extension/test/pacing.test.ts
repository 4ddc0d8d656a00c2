import assert from "node:assert/strict";
import { test } from "node:test";
import { Pacing } from "../src/content/pacing";

/** Types `count` keys, one each `interval` ms; returns the time of the last one. */
function type(pacing: Pacing, count: number, interval: number, from = 0): number {
  let now = from;
  for (let key = 0; key < count; key += 1) {
    now = from + key * interval;
    pacing.typed(now);
  }
  return now;
}

test("before the first key nothing waits", () => {
  assert.equal(new Pacing().waitMs(1_000), 0);
});

test("a suggestion waits for a short pause", () => {
  const pacing = new Pacing();
  const last = type(pacing, 10, 150);
  assert.equal(pacing.isFast(), false);
  assert.equal(pacing.waitMs(last), 30);
  assert.equal(pacing.waitMs(last + 30), 0);
});

test("acceptances shorten the pause, ignored suggestions lengthen it", () => {
  const pacing = new Pacing();
  const last = type(pacing, 2, 200);
  pacing.accepted();
  assert.equal(pacing.waitMs(last), 15);
  pacing.ignored();
  assert.equal(pacing.waitMs(last), 30);
  for (let more = 0; more < 2; more += 1) pacing.ignored();
  assert.equal(pacing.waitMs(last), 50);
  for (let more = 0; more < 5; more += 1) pacing.ignored();
  assert.equal(pacing.waitMs(last), 250);
  pacing.accepted();
  assert.equal(pacing.waitMs(last), 15);
});

test("fast typing waits until it pauses, and a pause ends it", () => {
  const pacing = new Pacing();
  const last = type(pacing, 10, 40);
  assert.equal(pacing.isFast(), true);
  assert.equal(pacing.waitMs(last), 90);
  assert.equal(pacing.waitMs(last + 90), 0);
  pacing.typed(last + 2_000);
  assert.equal(pacing.isFast(), false);
});
