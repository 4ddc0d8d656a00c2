import assert from "node:assert/strict";
import { test } from "node:test";
import type { Course } from "../src/engine/assist/guide";
import { PolicyGuide } from "../src/engine/assist/policy-guide";
import type { TierOutputs } from "../src/engine/assist/tier";
import { TierMemory } from "../src/engine/assist/tier-memory";
import type { TextRequest, TierRequest } from "../src/shared/assist-messages";
import type { AssistSettings } from "../src/shared/messages";
import type { CloudStatus, HostStatus, RouteInput } from "../src/shared/protocol";

const CHAT: TextRequest = {
  type: "chat",
  id: 1,
  messages: [{ role: "user", text: "hi" }],
  page: { title: "ab", text: "cde" },
};
const ASK: AssistSettings = { useHost: true, why: "", cloud: "ask", siteRule: "normal", ownTerms: ["Falcon"] };
const CLOUD: CloudStatus = {
  endpoint: { name: "n", origin: "https://e.example", model: "m", isLoopback: false },
  state: { readiness: "ready", contextTokens: 8192 },
  setting: "ask",
  enterprise: "allowed",
  key: "ready",
  usage: { perMinute: 1, perDay: 2, sentToday: 0, spent: null, cap: null },
  scopes: [],
};
const told = (cloud: CloudStatus | null) => ({ cloud }) as HostStatus;

function setUp(settings: AssistSettings) {
  const inputs: RouteInput[] = [];
  const asked: string[] = [];
  const outputs: TierOutputs[] = [];
  const guide = new PolicyGuide({
    rules: async () => ({
      decide: (input) => {
        inputs.push(input);
        return { route: "host", reason: "hostPreferred", limit: null };
      },
    }),
    settings: async () => settings,
    engineStatus: () => ({ type: "idle" }),
    host: {
      run: (request: TierRequest, output: TierOutputs) => {
        asked.push(request.type);
        outputs.push(output);
        return () => undefined;
      },
    },
  });
  const begin = () => new Promise<Course>((resolve, reject) => guide.begin(CHAT, "https://a.example", resolve, reject));
  const decided = async () => {
    (await begin()).decide([]);
    return inputs.at(-1);
  };
  return { guide, begin, decided, asked, outputs };
}

test("with the offer switched off the host is not even asked how its endpoint is", async () => {
  const { decided, asked } = setUp({ ...ASK, cloud: "off" });
  const input = await decided();
  assert.deepEqual(asked, []);
  assert.equal(input?.settings.cloud, "off");
  assert.equal(input?.state.cloud.readiness, "notConfigured");
  assert.equal(input?.request.inputUtf16, 7);
});

test("what the host tells of its endpoint is what is decided with, until the host is gone", async () => {
  const { guide, decided, asked, outputs } = setUp(ASK);
  assert.equal((await decided())?.state.cloud.readiness, "notConfigured", "not a word yet");
  assert.deepEqual(asked, ["status"]);
  guide.hostTold(told({ ...CLOUD, enterprise: "forbidden" }));
  const input = await decided();
  assert.equal(input?.state.cloud.readiness, "ready");
  assert.equal(input?.settings.enterprise.cloud, "forbidden");
  guide.hostTold(told({ ...CLOUD, setting: "off" }));
  assert.equal((await decided())?.settings.cloud, "off", "the host has a say, too");
  outputs[0]?.unavailable({ code: "hostMissing", message: "m", retryable: false });
  assert.equal((await decided())?.state.cloud.readiness, "notConfigured");
});

test("an escalation carries the request without its id, and what was tried", async () => {
  const { begin } = setUp(ASK);
  const { id: _, ...task } = CHAT;
  const escalation = (await begin()).escalation([{ tier: "host", outcome: { type: "failed" } }]);
  assert.deepEqual(escalation.task, task);
  assert.equal(escalation.site, "https://a.example");
  assert.deepEqual(escalation.ownTerms, [{ kind: "other", text: "Falcon" }]);
  assert.deepEqual(escalation.state.attempts, [{ tier: "host", outcome: { type: "failed" } }]);
});

test("failures in a row are counted, and forgotten after a while or by an answer", () => {
  let now = 0;
  const memory = new TierMemory(() => now);
  const answer = {
    kind: "reply",
    stop: "complete",
    isInputCut: false,
    isLesserWay: false,
    tokensPerS: 9,
    confidence: null,
    memoryMib: null,
  } as const;
  memory.tried("host", { type: "failed" });
  memory.tried("host", { type: "failed" });
  memory.tried("host", { type: "unreachable" });
  assert.deepEqual([memory.host().failures, memory.host().health], [2, "unknown"]);
  now = 60_000;
  assert.equal(memory.host().failures, 0);
  memory.tried("host", { type: "answered", answer });
  assert.deepEqual([memory.host().health, memory.host().tokensPerS], ["ready", 9]);
  assert.equal(memory.browser({ type: "idle" }).health, "unknown");
  const error = { code: "backendUnavailable", message: "m", retryable: false } as const;
  assert.equal(memory.browser({ type: "failed", error }).health, "failing");
});
