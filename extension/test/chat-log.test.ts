import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatController } from "../src/chat/chat-controller";
import { type ChatEntry, type ChatLog, chatTitle, conversation, newChat, parseChat } from "../src/chat/chat-log";
import { newAnswer, withEvent } from "../src/shared/answer-state";
import type { NewRequest } from "../src/shared/assist-client";
import { wireError } from "../src/shared/errors";
import type { EventSink } from "../src/shared/pending-requests";
import type { HostEvent } from "../src/shared/protocol";
import { ANSWER } from "./fake-tier";

const user = (text: string): ChatEntry => ({ role: "user", text });
const assistant = (text: string): ChatEntry => ({ role: "assistant", state: { ...newAnswer(), phase: "done", text } });

test("turns alternate, and begin and end with the user's", () => {
  const { messages } = conversation([
    assistant("welcome"),
    user("one"),
    assistant(""),
    user("two"),
    assistant("answer"),
    user("three"),
    assistant("half an"),
  ]);
  assert.deepEqual(messages, [
    { role: "user", text: "one\n\ntwo" },
    { role: "assistant", text: "answer" },
    { role: "user", text: "three" },
  ]);
});

test("the oldest turns are left out where they do not fit", () => {
  const long = "x".repeat(10_000);
  const entries = [1, 2, 3].flatMap(() => [user(long), assistant(long)]);
  const { messages, isCut } = conversation([...entries, user("now")]);
  assert.equal(isCut, true);
  assert.equal(messages[0]?.role, "user");
  assert.ok(messages.reduce((sum, { text }) => sum + text.length, 0) <= 32_000);
  assert.equal(messages.at(-1)?.text, "now");
  const many = Array.from({ length: 150 }, () => [user("a"), assistant("b")]).flat();
  assert.ok(conversation([...many, user("c")]).messages.length <= 100);
  assert.deepEqual(conversation([user("x".repeat(32_001))]).messages, []);
});

test("a stored chat comes back; an answer in the making has been interrupted", () => {
  const chat = newChat(5);
  const running = withEvent(newAnswer(), { type: "delta", id: 1, text: "half" });
  chat.entries.push(user("hi"), { role: "assistant", state: running });
  const back = parseChat(JSON.parse(JSON.stringify(chat)));
  assert.equal(back?.entries.length, 2);
  const last = back?.entries[1];
  assert.equal(last?.role === "assistant" && last.state.phase, "stopped");
  assert.equal(last?.role === "assistant" && last.state.text, "half");
});

test("a damaged store is no chat, or one without its damaged parts", () => {
  for (const raw of [null, 3, {}, { id: 1 }, { id: "a", startedMs: 1 }]) assert.equal(parseChat(raw), undefined);
  const entries = [null, { role: "system", text: "x" }, { role: "user" }, { role: "user", text: "ok" }];
  assert.deepEqual(parseChat({ id: "a", startedMs: 1, entries })?.entries, [user("ok")]);
  const odd = { role: "assistant", state: { text: "x", answer: { engine: 3 }, error: { code: "no" } } };
  const [entry] = parseChat({ id: "a", startedMs: 1, entries: [odd] })?.entries ?? [];
  assert.equal(entry?.role === "assistant" && entry.state.answer, null);
});

test("a chat is called by its first words", () => {
  assert.equal(chatTitle({ id: "", startedMs: 0, entries: [user("  What is\nthis? ")] }), "What is this?");
  assert.equal(chatTitle({ id: "", startedMs: 0, entries: [user("x".repeat(99))] }).length, 60);
});

/** The controller with a client that the test plays. */
function setUp() {
  const asked: { request: NewRequest; sink: EventSink; cancelled: boolean }[] = [];
  const written: ChatLog[] = [];
  const controller = new ChatController(
    {
      client: {
        request: (request, sink) => {
          const one = { request, sink, cancelled: false };
          asked.push(one);
          return () => {
            one.cancelled = true;
            sink({ type: "error", id: 1, error: wireError("cancelled", "Stopped.", true) });
          };
        },
        close: () => undefined,
      },
      write: async (chat) => void written.push(structuredClone(chat)),
      changed: () => undefined,
    },
    undefined,
  );
  const say = (event: HostEvent) => asked.at(-1)?.sink(event);
  const phases = () =>
    controller.chat.entries.map((entry) =>
      entry.role === "user" ? entry.text : `${entry.state.phase} ${entry.state.text}`,
    );
  return { controller, asked, written, say, phases };
}

test("one answer at a time: sent, streamed, done, stored", () => {
  const { controller, asked, written, say, phases } = setUp();
  assert.equal(controller.send("  "), false);
  assert.equal(controller.send(" hi "), true);
  assert.equal(controller.send("more"), false);
  say({ type: "delta", id: 1, text: "hel" });
  say({ type: "delta", id: 1, text: "lo" });
  say({ type: "done", id: 1, answer: ANSWER });
  assert.deepEqual(phases(), ["hi", "done hello"]);
  assert.equal(controller.isBusy, false);
  assert.equal(asked.length, 1);
  assert.equal(written.at(-1)?.entries.length, 2);
});

test("stop keeps the text; retry asks again without it", () => {
  const { controller, asked, say, phases } = setUp();
  controller.send("hi");
  say({ type: "delta", id: 1, text: "half" });
  controller.stop();
  assert.deepEqual(phases(), ["hi", "stopped half"]);
  controller.retry();
  const again = asked[1]?.request;
  assert.deepEqual(again?.type === "chat" && again.messages, [{ role: "user", text: "hi" }]);
  say({ type: "error", id: 2, error: wireError("peerGone", "m", true) });
  assert.deepEqual(phases(), ["hi", "failed "]);
  controller.retry();
  assert.equal(asked.length, 3);
});

test("a new chat stops the old one, and its late words change nothing", () => {
  const { controller, asked, phases } = setUp();
  controller.send("hi");
  const [old] = asked;
  controller.open();
  assert.equal(old?.cancelled, true);
  old?.sink({ type: "delta", id: 1, text: "late" });
  assert.deepEqual(phases(), []);
});

test("a chat that was deleted elsewhere is gone here, also in the middle of an answer, and is not stored again", () => {
  const { controller, asked, written, say, phases } = setUp();
  controller.send("secret");
  say({ type: "delta", id: 1, text: "half" });
  const before = written.length;
  controller.stored(undefined);
  assert.equal(asked[0]?.cancelled, true);
  assert.deepEqual(phases(), []);
  assert.doesNotMatch(JSON.stringify(written.slice(before)), /secret|half/);
});

test("what another page wrote is taken over, once it is complete and unless an answer is written here", () => {
  const { controller, say, phases } = setUp();
  const other = { id: "o", startedMs: 1, entries: [user("theirs"), assistant("done")] };
  const running = { ...other, entries: [user("theirs"), { role: "assistant", state: newAnswer() }] };
  controller.stored(running);
  assert.deepEqual(phases(), []);
  controller.stored(other);
  assert.deepEqual(phases()[0], "theirs");
  controller.send("ours");
  controller.stored({ ...other, entries: [] });
  assert.equal(phases()[2], "ours");
  say({ type: "done", id: 1, answer: ANSWER });
});

test("the page goes along while it is wanted", () => {
  const { controller, asked, say } = setUp();
  controller.setPage({ title: "T", text: "words", isCut: true, site: null });
  controller.send("hi");
  const page = (index: number) => {
    const request = asked[index]?.request;
    return request?.type === "chat" ? request.page : "no chat";
  };
  assert.deepEqual(page(0), { title: "T", text: "words" });
  say({ type: "done", id: 1, answer: ANSWER });
  controller.setPage(undefined);
  controller.send("again");
  assert.equal(page(1), null);
});
