import assert from "node:assert/strict";
import { test } from "node:test";
import type { AssistTier, TierOutputs } from "../src/engine/assist/tier";
import { IdleTraining, MIN_NEW_KIB, QUIET_MS, whyNot } from "../src/engine/personal/idle-training";
import type { TierRequest } from "../src/shared/assist-messages";
import { wireError } from "../src/shared/errors";
import type { PersonalStatus } from "../src/shared/protocol";

const NOW_S = 1_800_000_000;
const DAY_S = 86_400;

const STATUS: PersonalStatus = {
  isOn: true,
  isOpen: true,
  trouble: "",
  isKeyInFile: false,
  sites: ["https://mail.example"],
  texts: 50,
  kib: 40,
  maxDays: 180,
  maxMib: 4,
  adapters: [],
  unfinished: [],
  lastTraining: null,
  newKib: MIN_NEW_KIB,
};

function setUp(status: Partial<PersonalStatus> = {}, choice = { isOn: true, trainsByItself: true }) {
  const asked: TierRequest[] = [];
  const trainings: { outputs: TierOutputs; isCancelled: boolean }[] = [];
  const host: AssistTier = {
    run(request, outputs) {
      asked.push(request);
      if (request.type === "personal" && request.task.type === "status") {
        outputs.event({ type: "personal", id: 0, answer: { type: "status", status: { ...STATUS, ...status } } });
        return () => undefined;
      }
      const training = { outputs, isCancelled: false };
      trainings.push(training);
      return () => {
        training.isCancelled = true;
        outputs.event({ type: "error", id: 0, error: wireError("cancelled", "Stopped.", true) });
      };
    },
  };
  const stored = new Map<string, string>();
  let nowMs = NOW_S * 1_000;
  let trained = 0;
  const training = new IdleTraining({
    host,
    choice: async () => ({ ...choice, epsilon: 8 }),
    model: async () => 3,
    trained: async () => void trained++,
    storage: {
      getItem: (key) => stored.get(key) ?? null,
      setItem: (key, value) => void stored.set(key, value),
      removeItem: (key) => void stored.delete(key),
    },
    nowMs: () => nowMs,
  });
  const end = (isUsed: boolean) =>
    trainings.at(-1)?.outputs.event({
      type: "personal",
      id: 0,
      answer: { type: "trained", outcome: { isUsed, before: 2, after: 1.9, epsilon: null } },
    });
  const later = (seconds: number) => {
    nowMs += seconds * 1_000;
  };
  return { training, asked, trainings, end, later, trained: () => trained };
}

test("what keeps a training from beginning", () => {
  const why = (changes: Partial<PersonalStatus>) => whyNot({ ...STATUS, ...changes }, NOW_S);
  assert.equal(why({}), "");
  assert.match(why({ isOn: false }), /switched off/);
  assert.equal(why({ isOpen: false, trouble: "Locked." }), "Locked.");
  assert.match(why({ newKib: MIN_NEW_KIB - 1 }), /waits for more text/);
  assert.match(why({ lastTraining: { atS: NOW_S - DAY_S + 1, isUsed: true } }), /once a day/);
  assert.equal(why({ lastTraining: { atS: NOW_S - DAY_S, isUsed: true } }), "");
  assert.equal(why({ newKib: 0, unfinished: ["mine"] }), "");
  assert.match(why({ newKib: 0, unfinished: ["work"] }), /waits/);
});

test("it begins once nobody has asked for a while, with the privacy that the user chose", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { training, asked } = setUp();
  context.mock.timers.tick(QUIET_MS - 1);
  training.used();
  context.mock.timers.tick(QUIET_MS - 1);
  await settled();
  assert.equal(asked.length, 0);
  context.mock.timers.tick(1);
  await settled();
  assert.deepEqual(
    asked.map((request) => ("task" in request ? request.task : undefined)),
    [{ type: "status" }, { type: "train", name: "mine", site: null, epsilon: 8, browserVersion: 3 }],
  );
  assert.match(training.view(), /learning by itself now/);
});

test("the next request stops it, and the next quiet time goes on", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { training, trainings } = setUp();
  await training.look();
  training.used();
  assert.equal(trainings[0]?.isCancelled, true);
  assert.doesNotMatch(training.view(), /now|Last time/);
  context.mock.timers.tick(QUIET_MS);
  await settled();
  assert.equal(trainings.length, 2);
});

test("once a day, whatever came of it; what came of it is said", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { training, trainings, asked, end, later, trained } = setUp();
  await training.look();
  end(true);
  assert.equal(trained(), 1);
  assert.match(training.view(), /Last time by itself, .*: the new adapter is better\./);
  const before = asked.length;
  later(DAY_S - 1);
  await training.look();
  assert.equal(asked.length, before, "the host is not even asked");
  later(1);
  await training.look();
  assert.equal(trainings.length, 2);
  end(false);
  assert.equal(trained(), 1);
  assert.match(training.view(), /no better/);
});

test("off is off: the host is not asked", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  for (const choice of [
    { isOn: false, trainsByItself: true },
    { isOn: true, trainsByItself: false },
  ]) {
    const { training, asked } = setUp({}, choice);
    await training.look();
    assert.deepEqual([asked, training.view()], [[], ""]);
  }
});

test("a locked key is a sentence, and somebody who asks while the host is asked is not in the way", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const locked = setUp({ isOpen: false, trouble: "The key has to be unlocked." });
  await locked.training.look();
  assert.equal(locked.training.view(), "The key has to be unlocked.");
  const { training, trainings } = setUp();
  const looking = training.look();
  training.used();
  await looking;
  assert.equal(trainings.length, 0);
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
