import assert from "node:assert/strict";
import { test } from "node:test";
import { identityOf, rightsOf } from "../src/engine/assist/assist-ports";
import { Asker, type Rights, type RouterParts } from "../src/engine/assist/assist-router";
import { Offers } from "../src/engine/assist/offers";
import type { AssistTier, TierOutputs } from "../src/engine/assist/tier";
import type { AssistEvent, TierRequest } from "../src/shared/assist-messages";
import { wireError } from "../src/shared/errors";
import { cancelledError, isLast } from "../src/shared/pending-requests";
import type { ConsentAnswer, ConsentRequest, HostEvent, Observation, WireError } from "../src/shared/protocol";
import { TestGuide } from "./fake-guide";
import { ANSWER, QUESTION } from "./fake-tier";
import { pick, seeded } from "./random";

interface Running {
  request: TierRequest;
  outputs: TierOutputs;
  ended: boolean;
}

/** A tier that the test plays. Keeps the promise of tiers: one end each. */
class TestTier implements AssistTier {
  readonly running: Running[] = [];
  /** Every request is refused at once. */
  refusal: WireError | undefined;

  run(request: TierRequest, outputs: TierOutputs): () => void {
    if (this.refusal) {
      outputs.unavailable(this.refusal);
      return () => undefined;
    }
    const running = { request, outputs, ended: false };
    this.running.push(running);
    return () => this.say(running, { type: "error", id: 77, error: cancelledError() });
  }

  say(running: Running | undefined, event: HostEvent): void {
    if (!running || running.ended) return;
    if (isLast(event)) running.ended = true;
    running.outputs.event(event);
  }

  giveUp(running: Running | undefined, error: WireError): void {
    if (!running || running.ended) return;
    running.ended = true;
    running.outputs.unavailable(error);
  }
}

const CHAT = { type: "chat", id: 4, messages: [{ role: "user", text: "hi" }], page: null };
const SUMMARY = { type: "summarize", id: 5, text: "A text.", length: "short" };
const DONE: HostEvent = { type: "done", id: 77, answer: ANSWER };

function setUp() {
  const observed: Observation[] = [];
  const asked: { question: ConsentRequest; answer: (answer: ConsentAnswer) => void; withdrawn: boolean }[] = [];
  const parts = {
    host: new TestTier(),
    browser: new TestTier(),
    guide: new TestGuide(),
    offers: new Offers(),
    observe: (observation: Observation) => observed.push(observation),
    consent: {
      ask: (question: ConsentRequest, answer: (answer: ConsentAnswer) => void) => {
        const one = { question, answer, withdrawn: false };
        asked.push(one);
        return () => {
          one.withdrawn = true;
        };
      },
    },
  } satisfies RouterParts;
  const events: AssistEvent[] = [];
  const identity = { owner: "own", site: null };
  const asker = new Asker(parts, identity, (event) => events.push(event));
  const ask = (message: unknown, rights: Rights = "all") => asker.receive(message, rights);
  const codes = () => events.map((event) => (event.type === "error" ? `${event.id} ${event.error.code}` : event.type));
  return { ...parts, asker, ask, events, codes, observed, asked, parts };
}

test("the host answers where it can, under the asker's id and without a word of the browser", () => {
  const { host, browser, ask, events } = setUp();
  ask(CHAT);
  host.say(host.running[0], { type: "delta", id: 77, text: "x" });
  host.say(host.running[0], DONE);
  assert.deepEqual(events, [
    { type: "delta", id: 4, text: "x" },
    { type: "done", id: 4, answer: ANSWER },
  ]);
  assert.equal(browser.running.length, 0);
});

test("the memory of the host is counted, where it tells it", () => {
  const { host, ask, observed } = setUp();
  ask(CHAT);
  host.say(host.running[0], { ...DONE, answer: { ...ANSWER, memoryMib: 93 } });
  assert.deepEqual(
    observed.filter(({ type }) => type === "memory"),
    [{ type: "memory", tier: "host", mib: 93 }],
  );
});

test("without a host the browser answers, and the answer says why", () => {
  const { host, browser, ask, events } = setUp();
  host.refusal = wireError("hostMissing", "The Sotto host is not installed.");
  ask(CHAT);
  browser.say(browser.running[0], { ...DONE, answer: { ...ANSWER, fallback: "The model is small." } });
  const [event] = events;
  assert.equal(event?.type === "done" && event.answer.fallback, "The Sotto host is not installed. The model is small.");
});

test("a host without a model passes the request on, unless it has written something already", () => {
  const missing = { type: "error", id: 77, error: wireError("modelMissing", "No model.") } as const;
  const early = setUp();
  early.ask(CHAT);
  early.host.say(early.host.running[0], { type: "progress", id: 77, done: 0, total: 1 });
  early.host.say(early.host.running[0], missing);
  assert.equal(early.browser.running.length, 1);

  const late = setUp();
  late.ask(CHAT);
  late.host.say(late.host.running[0], { type: "delta", id: 77, text: "x" });
  late.host.say(late.host.running[0], missing);
  assert.deepEqual(late.codes(), ["delta", "4 modelMissing"]);
});

test("a host that dies in the middle is an error, not another answer", () => {
  const { host, browser, ask, codes } = setUp();
  ask(CHAT);
  host.say(host.running[0], { type: "error", id: 77, error: wireError("peerGone", "gone", true) });
  assert.deepEqual(codes(), ["4 peerGone"]);
  assert.equal(browser.running.length, 0);
});

test("a status is the host's own and never the browser's", () => {
  const { host, browser, ask, codes } = setUp();
  host.refusal = wireError("hostMissing", "No host.");
  ask({ type: "status", id: 9 });
  assert.deepEqual(codes(), ["9 hostMissing"]);
  assert.equal(browser.running.length, 0);
});

test("cancelling reaches the tier that has the request", () => {
  const { host, browser, ask, codes } = setUp();
  host.refusal = wireError("hostMissing", "No host.");
  ask(CHAT);
  ask({ type: "cancel", id: 4 });
  ask({ type: "cancel", id: 4 });
  assert.equal(browser.running[0]?.ended, true);
  assert.deepEqual(codes(), ["4 cancelled"]);
});

test("an asker that is gone cancels what it asked for", () => {
  const { host, asker, ask } = setUp();
  ask(CHAT);
  ask({ ...SUMMARY, id: 6 });
  asker.close();
  assert.deepEqual(
    host.running.map(({ ended }) => ended),
    [true, true],
  );
});

test("personalisation is for our own pages, whatever a card says", () => {
  const { host, ask, codes } = setUp();
  const status = { type: "personal", id: 8, task: { type: "status" } };
  ask(status, "summarize");
  ask(status, "none");
  assert.deepEqual(codes(), ["8 badRequest", "8 badRequest"]);
  assert.equal(host.running.length, 0);
  ask(status);
  assert.equal(host.running.length, 1);
});

test("a card may have summaries, a stranger nothing", () => {
  const { ask, codes, host } = setUp();
  ask(CHAT, "summarize");
  ask({ type: "status", id: 8 }, "summarize");
  ask(SUMMARY, "none");
  assert.deepEqual(codes(), ["4 badRequest", "8 badRequest", "5 badRequest"]);
  ask(SUMMARY, "summarize");
  assert.equal(host.running.length, 1);
});

test("what is no request, or too much, is refused with its id", () => {
  const { ask, codes } = setUp();
  for (const message of [
    null,
    { type: "chat", id: 1 },
    { type: "chat", id: 2, messages: [{ role: "assistant", text: "x" }] },
    { type: "chat", id: 3, messages: [{ role: "system", text: "x" }] },
    { type: "summarize", id: 4, text: "x".repeat(140_001) },
    { type: "hello", id: 5, protocol: 1, client: "x" },
  ]) {
    ask(message);
  }
  assert.deepEqual(codes(), [
    "0 badRequest",
    "1 badRequest",
    "2 badRequest",
    "3 badRequest",
    "4 tooLarge",
    "5 badRequest",
  ]);
});

test("more than a few at once are refused at once", () => {
  const { ask, codes } = setUp();
  for (let id = 1; id <= 9; id += 1) ask({ ...CHAT, id });
  assert.deepEqual(codes(), ["9 overloaded"]);
});

test("rights come from the sender that the browser names", async () => {
  const isCard = async (documentId: string) => documentId === "invoked";
  const rights = (sender: object) => rightsOf(sender, "own", "chrome-extension://own/", isCard);
  assert.equal(await rights({ id: "own", url: "chrome-extension://own/popup.html" }), "all");
  assert.equal(await rights({ id: "own", url: "https://a.example/", documentId: "invoked" }), "summarize");
  assert.equal(await rights({ id: "own", url: "https://a.example/", documentId: "other" }), "none");
  assert.equal(await rights({ id: "own", url: "https://a.example/" }), "none");
  assert.equal(await rights({ id: "other", url: "chrome-extension://own/popup.html" }), "none");
});

test("the site of a card is the browser's word, that of a page of ours its own", () => {
  const own = "chrome-extension://own/";
  assert.deepEqual(identityOf({ url: "https://a.example/x?y", origin: "https://a.example", documentId: "d" }, own), {
    owner: "card d",
    site: "https://a.example",
  });
  assert.deepEqual(identityOf({ url: `${own}popup.html`, documentId: "e" }, own), { owner: "own", site: null });

  const { ask, guide, parts, events } = setUp();
  ask({ ...CHAT, site: "https://lie.example" });
  ask({ ...CHAT, id: 5, page: { title: "t", text: "x" }, site: "https://b.example/path" });
  const card = new Asker(parts, { owner: "card d", site: "https://a.example" }, (event) => events.push(event));
  card.receive({ ...SUMMARY, site: "https://lie.example" }, "summarize");
  // A chat without a page is about no site.
  assert.deepEqual(guide.sites, [null, "https://b.example", "https://a.example"]);
});

test("without rules nothing is routed", () => {
  const unloaded = setUp();
  unloaded.guide.failure = wireError("internal", "no rules");
  unloaded.ask(CHAT);
  assert.deepEqual(unloaded.codes(), ["4 internal"]);
  const broken = setUp();
  broken.guide.isBroken = true;
  broken.ask(CHAT);
  assert.deepEqual(broken.codes(), ["4 internal"]);
  assert.equal(unloaded.host.running.length + broken.host.running.length, 0);
});

test("with no tier on this device the last reason is the error", () => {
  const { ask, host, browser, codes } = setUp();
  host.refusal = wireError("hostMissing", "No host.");
  browser.refusal = wireError("backendUnavailable", "No engine.");
  ask(CHAT);
  assert.deepEqual(codes(), ["decision", "4 backendUnavailable"]);
});

/** A chat that was answered on the device, and not well enough. */
function offered() {
  const all = setUp();
  all.guide.offers = true;
  all.ask(CHAT);
  all.host.say(all.host.running[0], DONE);
  const [decision] = all.events;
  assert.equal(decision?.type, "decision");
  const offer = decision?.type === "decision" ? (decision.offer ?? "") : "";
  return { ...all, offer };
}

test("an endpoint is offered before the end of the local answer, which stays what it is", () => {
  const { events, observed, host } = offered();
  assert.deepEqual(events.at(-1), { type: "done", id: 4, answer: ANSWER });
  assert.equal(host.running.length, 1, "nothing was asked of the host");
  assert.deepEqual(
    observed.map(({ type }) => type),
    ["answered", "escalationOffered"],
  );
});

test("an offer that is taken up asks the user, and the question is not the asker's", () => {
  const { ask, host, events, asked, offer, observed } = offered();
  ask({ type: "askCloud", id: 9, offer });
  const [, escalated] = host.running;
  assert.equal(escalated?.request.type, "escalate");
  const answers: ConsentAnswer[] = [];
  escalated?.outputs.asked?.(QUESTION, (answer) => answers.push(answer));
  assert.equal(events.filter(({ id }) => id === 9).length, 0, "the asker hears nothing of it");
  assert.equal(observed.filter(({ type }) => type === "escalationAccepted").length, 0);
  asked[0]?.answer({ nonce: "n", payloadSha256: "s", choice: { type: "once" } });
  assert.deepEqual(
    answers.map(({ choice }) => choice.type),
    ["once"],
  );
  host.say(escalated, { type: "delta", id: 1, text: "from afar" });
  host.say(escalated, DONE);
  assert.deepEqual(
    events.filter(({ id }) => id === 9).map(({ type }) => type),
    ["delta", "done"],
  );
  assert.equal(observed.filter(({ type }) => type === "escalationAccepted").length, 1);
});

test("a request that ends takes its question off the screen", () => {
  const { ask, host, asked, offer } = offered();
  ask({ type: "askCloud", id: 9, offer });
  host.running[1]?.outputs.asked?.(QUESTION, () => undefined);
  ask({ type: "cancel", id: 9 });
  assert.equal(asked[0]?.withdrawn, true);
});

test("an offer is for whoever got it, and for nobody else", () => {
  const { ask, codes, parts, events, offer, host } = offered();
  ask({ type: "askCloud", id: 9, offer: "guessed" });
  const card = new Asker(parts, { owner: "card d", site: "https://a.example" }, (event) => events.push(event));
  card.receive({ type: "askCloud", id: 10, offer }, "summarize");
  const stranger = new Asker(parts, { owner: "own", site: null }, (event) => events.push(event));
  stranger.receive({ type: "askCloud", id: 11, offer }, "none");
  assert.deepEqual(codes().slice(2), ["9 badRequest", "10 badRequest", "11 badRequest"]);
  assert.equal(host.running.length, 1);
});

test("nobody but our own pages speaks of permissions and keys", () => {
  const { ask, codes, host } = setUp();
  ask({ type: "revoke", id: 1, site: null }, "summarize");
  ask({ type: "unlockKey", id: 2, passphrase: "x" }, "summarize");
  ask({ type: "escalate", id: 3, escalation: {} });
  ask({ type: "consent", id: 4, answer: {} });
  assert.deepEqual(codes(), ["1 badRequest", "2 badRequest", "3 badRequest", "4 badRequest"]);
  ask({ type: "revoke", id: 5, site: "https://a.example" });
  assert.deepEqual(host.running[0]?.request, { type: "revoke", id: 5, site: "https://a.example" });
});

test("every request ends exactly once, whatever the tiers do", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seeded(seed);
    const { host, browser, asker, ask, events, guide } = setUp();
    guide.offers = random() < 0.5;
    const asked: number[] = [];
    const tier = () => (random() < 0.5 ? host : browser);
    const steps = [
      () => {
        asked.push(asked.length + 1);
        ask({ ...CHAT, id: asked.length });
      },
      () => {
        const offer = events.flatMap((event) => (event.type === "decision" && event.offer ? [event.offer] : [])).at(-1);
        if (offer === undefined) return;
        asked.push(asked.length + 1);
        ask({ type: "askCloud", id: asked.length, offer });
      },
      () => pick(random, host.running)?.outputs.asked?.(QUESTION, () => undefined),
      () => ask({ type: "cancel", id: pick(random, asked) ?? 1 }),
      () => {
        const one = tier();
        one.say(pick(random, one.running), DONE);
      },
      () => {
        const one = tier();
        one.say(pick(random, one.running), { type: "delta", id: 3, text: "x" });
      },
      () => {
        const one = tier();
        const code = random() < 0.5 ? "modelMissing" : "workerLost";
        one.say(pick(random, one.running), { type: "error", id: 3, error: wireError(code, "m") });
      },
      () => host.giveUp(pick(random, host.running), wireError("hostMissing", "m")),
      () => {
        host.refusal = random() < 0.5 ? wireError("hostMissing", "m") : undefined;
      },
    ];
    for (let step = 0; step < 50; step += 1) pick(random, steps)?.();
    asker.close();
    for (const id of asked) {
      const own = events.filter((event) => event.id === id);
      assert.equal(own.filter(isLast).length, 1, `seed ${seed}, request ${id}: ${own.map(({ type }) => type)}`);
      assert.ok(isLast(own.at(-1) as AssistEvent), `seed ${seed}, request ${id}: an event after the end`);
    }
  }
});
