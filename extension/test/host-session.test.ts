import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { HostSession } from "../src/engine/assist/host-session";
import type { TierRequest } from "../src/shared/assist-messages";
import type { ConsentAnswer } from "../src/shared/protocol";
import { done, QUESTION, TestPort } from "./fake-tier";
import { pick, seeded } from "./random";

const CHAT: TierRequest = { type: "chat", id: 0, messages: [{ role: "user", text: "hi" }], page: null };

const TIER = { health: "unknown", contextTokens: 0, tokensPerS: null, failures: 0 } as const;
const ESCALATE: TierRequest = {
  type: "escalate",
  id: 0,
  escalation: {
    task: { type: "summarize", text: "x", length: "short" },
    site: null,
    siteRule: "normal",
    state: { browser: TIER, host: TIER, cloud: { readiness: "unknown", contextTokens: 0 }, attempts: [] },
    edits: { lifted: [], added: [] },
    ownTerms: [],
  },
};

/** One request as its asker sees it. */
class Asked {
  readonly log: string[] = [];
  readonly cancel: () => void;

  constructor(session: HostSession, request: TierRequest = CHAT) {
    this.cancel = session.submit(request, {
      event: (event) => this.log.push(event.type === "error" ? event.error.code : event.type),
      unavailable: (error) => this.log.push(`unavailable ${error.code}`),
    });
  }

  get endings(): number {
    return this.log.filter((entry) => entry !== "delta" && entry !== "progress").length;
  }
}

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

function setUp() {
  const port = new TestPort();
  return { port, session: new HostSession(port, "0.1.0") };
}

test("requests wait for the welcome, then go out under ids of their own", () => {
  const { port, session } = setUp();
  const first = new Asked(session);
  const second = new Asked(session);
  assert.deepEqual(port.ids(), []);
  port.welcome();
  const [a = 0, b = 0] = port.ids();
  assert.notEqual(a, b);
  port.say({ type: "delta", id: b, text: "two" });
  port.say(done(b));
  port.say(done(a));
  assert.deepEqual(first.log, ["done"]);
  assert.deepEqual(second.log, ["delta", "done"]);
});

test("another protocol version: the request was never sent, and the message says which side to update", () => {
  for (const [protocol, side] of [
    [0, /Update the host/],
    [2, /Update Sotto in the browser/],
  ] as const) {
    const { port, session } = setUp();
    let message = "";
    session.submit(CHAT, { event: () => assert.fail(), unavailable: (error) => (message = error.message) });
    port.welcome(protocol);
    assert.match(message, side);
    assert.equal(port.closedByUs, true);
    assert.deepEqual(port.ids(), []);
  }
});

test("a host that refuses the greeting is unavailable with its own error", () => {
  const { port, session } = setUp();
  const asked = new Asked(session);
  const error = { code: "originRefused", message: "Not for you.", retryable: false };
  port.say({ type: "error", id: port.sent[0]?.id, error });
  assert.deepEqual(asked.log, ["unavailable originRefused"]);
});

test("the browser's sentences become codes", () => {
  for (const [sentence, code] of [
    ["Specified native messaging host not found.", "hostMissing"],
    ["Access to the specified native messaging host is forbidden.", "originRefused"],
    ["Failed to start native messaging host.", "hostMissing"],
    ["Native host has exited.", "peerGone"],
    ["Error when communicating with the native messaging host.", "peerGone"],
    [undefined, "peerGone"],
  ] as const) {
    const { port, session } = setUp();
    const asked = new Asked(session);
    port.end(sentence);
    assert.deepEqual(asked.log, [`unavailable ${code}`], sentence);
  }
});

test("an end in the middle: everything pending ends once, and can be tried again", () => {
  const { port, session } = setUp();
  port.welcome();
  const errors: boolean[] = [];
  for (const _ of [1, 2]) {
    session.submit(CHAT, {
      event: (event) => void (event.type === "error" && errors.push(event.error.retryable)),
      unavailable: () => assert.fail("it was sent"),
    });
  }
  port.end("Native host has exited.");
  port.end("Native host has exited.");
  assert.deepEqual(errors, [true, true]);
  assert.equal(session.isClosed, true);
  assert.deepEqual(new Asked(session).log, ["unavailable peerGone"]);
});

test("a host that cannot read one of our messages leaves nobody waiting", () => {
  const { port, session } = setUp();
  port.welcome();
  const asked = [new Asked(session), new Asked(session)];
  port.say({ type: "error", id: 0, error: { code: "badRequest", message: "Unreadable.", retryable: false } });
  assert.deepEqual(
    asked.map(({ log }) => log),
    [["badRequest"], ["badRequest"]],
  );
  assert.equal(session.isClosed, false);
});

test("what is no message of the protocol ends the request that it names, and nothing else", () => {
  const { port, session } = setUp();
  port.welcome();
  const asked = [new Asked(session), new Asked(session)];
  const [a = 0] = port.ids();
  for (const nonsense of [null, 7, "x", [], {}, { id: 99 }, { type: "delta", id: -1 }, { type: "what", id: 1.5 }]) {
    port.say(nonsense);
  }
  port.say({ type: "delta", id: a, text: 3 });
  assert.deepEqual(
    asked.map(({ log }) => log),
    [["internal"], []],
  );
  assert.equal(port.sent.at(-1)?.type, "cancel");
});

test("a host that does not answer the greeting, or falls silent, counts as gone", () => {
  const early = setUp();
  const waiting = new Asked(early.session);
  mock.timers.tick(15_000);
  assert.deepEqual(waiting.log, ["unavailable peerGone"]);

  const { port, session } = setUp();
  port.welcome();
  const asked = new Asked(session);
  mock.timers.tick(179_000);
  port.say({ type: "delta", id: port.ids()[0], text: "still here" });
  mock.timers.tick(179_000);
  assert.deepEqual(asked.log, ["delta"]);
  mock.timers.tick(1_000);
  assert.deepEqual(asked.log, ["delta", "peerGone"]);
  assert.equal(port.closedByUs, true);
});

test("a host that nobody needs is let go", () => {
  const { port, session } = setUp();
  port.welcome();
  const asked = new Asked(session);
  mock.timers.tick(170_000);
  port.say(done(port.ids()[0] ?? 0));
  mock.timers.tick(5 * 60_000 - 1);
  assert.equal(port.closedByUs, false);
  mock.timers.tick(1);
  assert.equal(port.closedByUs, true);
  assert.deepEqual(asked.log, ["done"]);
});

test("a text that does not fit into a frame is refused before it is sent", () => {
  const { port, session } = setUp();
  port.welcome();
  const asked = new Asked(session, { type: "summarize", id: 0, text: "\u0000".repeat(180_000), length: "short" });
  assert.deepEqual(asked.log, ["tooLarge"]);
  assert.deepEqual(port.ids(), []);
});

test("every request ends exactly once under random answers, cancellations, kills and reorderings", () => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const random = seeded(seed);
    const port = new TestPort();
    const session = new HostSession(port, "0.1.0");
    const asked: Asked[] = [];
    const steps: (() => void)[] = [
      () => asked.push(new Asked(session)),
      () => asked.push(new Asked(session)),
      () => port.welcome(random() < 0.9 ? 1 : 2),
      () => pick(random, asked)?.cancel(),
      () => port.say({ type: "delta", id: pick(random, port.ids()) ?? 5, text: "x" }),
      () => port.say({ type: "progress", id: pick(random, port.ids()) ?? 5, done: 1, total: 2 }),
      () => port.say(done(pick(random, port.ids()) ?? 5)),
      () => {
        const error = { code: "workerLost", message: "m", retryable: true };
        port.say({ type: "error", id: random() < 0.1 ? 0 : (pick(random, port.ids()) ?? 5), error });
      },
      () => port.say({ type: "done", id: pick(random, port.ids()) ?? 5, answer: null }),
      () => {
        if (random() < 0.05) port.end(random() < 0.5 ? "Native host has exited." : undefined);
      },
      () => {
        if (random() < 0.03) port.broken = true;
      },
      () => {
        if (random() < 0.03) session.close();
      },
      () => {
        if (random() < 0.03) mock.timers.tick(200_000);
      },
    ];
    for (let step = 0; step < 60; step += 1) pick(random, steps)?.();
    for (const { log, endings } of asked) {
      assert.ok(endings <= 1, `seed ${seed}: ended twice: ${log}`);
      const last = log.findIndex((entry) => entry !== "delta" && entry !== "progress");
      assert.ok(last === -1 || last === log.length - 1, `seed ${seed}: an event after the end: ${log}`);
    }
    // Whatever was left open ends with the connection.
    port.end();
    session.close();
    for (const { log, endings } of asked) assert.equal(endings, 1, `seed ${seed}: never ended: ${log}`);
  }
});

test("a question goes to whoever listens, the host may be silent meanwhile, and a late answer goes nowhere", () => {
  const { port, session } = setUp();
  const log: string[] = [];
  let answer: (given: ConsentAnswer) => void = () => assert.fail("nobody asked");
  session.submit(ESCALATE, {
    event: ({ type }) => log.push(type),
    unavailable: () => assert.fail(),
    asked: (question, given) => {
      log.push(question.nonce);
      answer = given;
    },
  });
  port.welcome();
  const [id = 0] = port.ids();
  port.say({ type: "consent", id, request: QUESTION });
  assert.deepEqual(log, [QUESTION.nonce]);
  // Longer than any silence that a model may keep.
  mock.timers.tick(600_000);
  assert.equal(port.closedByUs, false);
  const given: ConsentAnswer = { nonce: QUESTION.nonce, payloadSha256: "00", choice: { type: "once" } };
  answer(given);
  assert.deepEqual(port.sent.at(-1), { type: "consent", id, answer: given });
  port.say(done(id));
  const before = port.sent.length;
  answer(given);
  assert.equal(port.sent.length, before);
  assert.deepEqual(log, [QUESTION.nonce, "done"]);
});

test("a question that nobody listens to is a no", () => {
  const { port, session } = setUp();
  new Asked(session, ESCALATE);
  port.welcome();
  const [id = 0] = port.ids();
  port.say({ type: "consent", id, request: QUESTION });
  const sent = port.sent.at(-1);
  assert.equal(sent?.type === "consent" && sent.answer.choice.type, "no");
});
