// A host made of faults, for what the real one does not do on order: another protocol version, an end in the middle of an
// answer, bytes that are no message. Speaks native messaging on stdin and stdout, and ends with its stdin.
//
//   node fake-host.mjs BEHAVIOUR LOG [browser's own arguments]

import { appendFileSync } from "node:fs";

const [, , behaviour = "answer", log = "fake-host.log"] = process.argv;

/** Between two words of an answer, in milliseconds. */
const WORD_MS = 30;

const note = (/** @type {object} */ entry) => appendFileSync(log, `${JSON.stringify(entry)}\n`);
note({ pid: process.pid });

/** @param {Buffer} payload */
function writeFrame(payload) {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(payload.length);
  process.stdout.write(Buffer.concat([length, payload]));
}

/** @param {object} message */
const send = (message) => writeFrame(Buffer.from(JSON.stringify(message)));

/** @type {Map<number, NodeJS.Timeout>} */
const running = new Map();

/** @param {any} message */
function receive(message) {
  note({ type: message.type, id: message.id });
  switch (message.type) {
    case "hello":
      greet(message.id);
      break;
    case "status":
      send({
        type: "status",
        id: message.id,
        status: {
          model: "fake-model",
          isAbstractive: true,
          device: "fake NPU",
          reason: "the test says so",
          memoryLimitMib: 512,
          sandbox: "none",
        },
      });
      break;
    case "cancel":
      clearInterval(running.get(message.id));
      if (running.delete(message.id)) {
        send({ type: "error", id: message.id, error: { code: "cancelled", message: "Stopped.", retryable: true } });
      }
      break;
    case "summarize":
      answer(message.id, "abstractive", ["A", "summary", "of", String(message.text.length), "units."]);
      break;
    case "chat": {
      const about = message.page ? ` about ${message.page.title}` : "";
      answer(message.id, "reply", `You said **${message.messages.at(-1).text}**${about}.`.split(" "));
      break;
    }
  }
}

/** @param {number} id */
function greet(id) {
  if (behaviour === "mute") return;
  if (behaviour === "exitAtOnce") process.exit(3);
  const protocol = behaviour === "old" ? 0 : behaviour === "new" ? 99 : 1;
  send({ type: "welcome", id, protocol, host: "9.9.9-fake", capabilities: ["summarize", "chat"], more: 1 });
}

/** @param {number} id @param {string} kind @param {string[]} words */
function answer(id, kind, words) {
  let count = 0;
  send({ type: "progress", id, done: 0, total: 2 });
  const timer = setInterval(() => {
    if (behaviour === "endless" || count < words.length) {
      send({ type: "delta", id, text: `${count > 0 ? " " : ""}${words[count % words.length]}` });
      count += 1;
      if (count === 2) misbehave(id);
      return;
    }
    clearInterval(timer);
    running.delete(id);
    const engine = { tier: "host", model: "fake-model", device: "fake NPU", reason: "the test says so" };
    const timing = { firstTokenMs: 30, totalMs: 200, promptTokens: 9, tokens: words.length, tokensPerS: 33 };
    send({
      type: "done",
      id,
      answer: { engine, kind, stop: "complete", isInputCut: false, fallback: "", timing },
    });
  }, WORD_MS);
  running.set(id, timer);
}

/** @param {number} id */
function misbehave(id) {
  if (behaviour === "die") process.exit(4);
  if (behaviour === "garbage") writeFrame(Buffer.from("\u0000 this is not JSON {"));
  if (behaviour === "tooLong") process.stdout.write(Buffer.from([0xff, 0xff, 0xff, 0x7f]));
  if (behaviour === "nonsense") send({ type: "done", id, answer: { engine: 3 } });
}

let buffer = Buffer.alloc(0);
process.stdin.on("data", (chunk) => {
  buffer = Buffer.concat([buffer, chunk]);
  while (buffer.length >= 4 && buffer.length >= 4 + buffer.readUInt32LE(0)) {
    const end = 4 + buffer.readUInt32LE(0);
    receive(JSON.parse(buffer.subarray(4, end).toString("utf8")));
    buffer = buffer.subarray(end);
  }
});
process.stdin.on("end", () => {
  note({ eof: true });
  process.exit(0);
});
// The browser is gone before its pipe's end was read.
process.stdout.on("error", () => process.exit(0));
