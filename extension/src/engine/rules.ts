// Core's rules and counters in this page: the same wasm as in the worker, without a model. Loaded when it is first needed;
// the browser compiles the module once for both.

import init, { Counters, decideRoute, judgePhrase, PackLoader, protocolVersion } from "sotto-wasm";
import { SottoError, wireError } from "../shared/errors";
import {
  type PhraseInput,
  PROTOCOL_VERSION,
  type RouteDecision,
  type RouteInput,
  type SuggestOutcome,
} from "../shared/protocol";

export interface Rules {
  /** Throws where the wasm does not take the input: nothing is decided then. */
  decide(input: RouteInput): RouteDecision;
  /** What of a phrase of the user's may be shown. Throws where the wasm does not take the input. */
  phrase(input: PhraseInput): SuggestOutcome;
  /** Goes on counting from what was stored. */
  counters(stored: string): Counters;
  /** The files of a pack whose manifest is signed by a key of ours and newer than a version. Throws the code of what is wrong. */
  packFiles(manifest: Uint8Array, signature: Uint8Array, newerThan: number): { sha256: string; bytes: number }[];
}

let loading: Promise<Rules> | undefined;

export function loadRules(): Promise<Rules> {
  loading ??= load().catch((error) => {
    // The next one who needs them tries again.
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<Rules> {
  await init({ module_or_path: new URL("sotto_wasm_bg.wasm", location.origin) });
  if (protocolVersion() !== PROTOCOL_VERSION) {
    throw new SottoError(wireError("versionMismatch", "Parts of Sotto do not fit together. Install it again."));
  }
  return {
    decide: (input) => JSON.parse(decideRoute(JSON.stringify(input))) as RouteDecision,
    phrase: (input) => JSON.parse(judgePhrase(JSON.stringify(input))) as SuggestOutcome,
    counters: (stored) => new Counters(stored),
    packFiles: (manifest, signature, newerThan) => {
      const loader = new PackLoader(manifest, signature, newerThan + 1);
      try {
        return JSON.parse(loader.blobs());
      } finally {
        loader.free();
      }
    },
  };
}
