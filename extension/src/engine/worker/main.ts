// The engine's worker: messages in, messages out. The work is in runtime.ts; this file only connects it.

import type { FromWorker, ToWorker } from "../worker-messages";
import { Runtime } from "./runtime";

const scope = self as unknown as DedicatedWorkerGlobalScope;

let noted: (() => void) | undefined;

const runtime = new Runtime({
  post,
  noteTrying: (trying) =>
    new Promise((resolve) => {
      noted = resolve;
      post({ type: "trying", trying });
    }),
});

scope.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "load":
      void runtime.load(data);
      break;
    case "suggest":
      void runtime.suggest(data.key, data.request, data.adapter);
      break;
    case "adapter":
      runtime.setAdapter(data.adapter);
      break;
    case "supersede":
      runtime.supersede();
      break;
    case "assist":
      void runtime.assist(data.key, data.request);
      break;
    case "supersedeAssist":
      runtime.supersedeAssist(data.key);
      break;
    case "measure":
      void runtime.measure(data.key, data.prefillTokens, data.decodeTokens);
      break;
    case "usePack":
      void runtime.usePack(data.key, data.version);
      break;
    case "measureAgain":
      void runtime.measureAgain();
      break;
    case "tryingNoted":
      noted?.();
      noted = undefined;
      break;
  }
};

function post(message: FromWorker): void {
  scope.postMessage(message);
}

/** The part of the worker's global scope that is used; the DOM library types `self` as a window. */
interface DedicatedWorkerGlobalScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
}
