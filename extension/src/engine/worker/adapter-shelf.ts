// The adapter that the engine page gave, and the engine that it was given to. An engine that takes over, for another backend
// or another pack, knows nothing of it and is given it again. **Whatever is wrong with an adapter, the suggestion goes on
// without**: the reason is told once for each engine.

import type { Engine } from "sotto-wasm";
import { toWireError, wireError } from "../../shared/errors";
import type { Backend, WireError } from "../../shared/protocol";
import type { LoadedAdapter } from "../personal/personal-desk";

export type AdapterEngine = Pick<Engine, "putAdapter" | "useAdapter" | "dropAdapters">;

export interface RunningEngine {
  engine: AdapterEngine;
  backend: Backend;
}

export class AdapterShelf {
  readonly #told: (name: string, error: WireError | null) => void;
  #adapter: LoadedAdapter | null = null;
  /** The engine that has it, or refused it. */
  #givenTo: AdapterEngine | undefined;
  #isTaken = false;

  constructor(told: (name: string, error: WireError | null) => void) {
    this.#told = told;
  }

  /** From now on this one. The engine forgets the one before when it is next used. */
  set(adapter: LoadedAdapter | null): void {
    this.#adapter = adapter;
    this.#givenTo = undefined;
  }

  /** Makes the engine ready. Only between requests: in the middle of one it takes no adapter. */
  give({ engine, backend }: RunningEngine): void {
    if (this.#givenTo === engine) return;
    this.#givenTo = engine;
    this.#isTaken = false;
    try {
      engine.dropAdapters();
    } catch {
      // It has none then.
    }
    if (!this.#adapter) return;
    const error = put(engine, backend, this.#adapter);
    this.#isTaken = error === null;
    this.#told(this.#adapter.name, error);
  }

  /** Chooses for the request that comes next; null: without an adapter. */
  choose(running: RunningEngine, name: string | null): void {
    this.give(running);
    if (!this.#isTaken) return;
    const isKnown = name !== null && name === this.#adapter?.name;
    running.engine.useAdapter(isKnown ? name : undefined);
  }
}

function put(engine: AdapterEngine, backend: Backend, { name, bytes }: LoadedAdapter): WireError | null {
  if (backend === "webgpu") {
    return wireError(
      "backendUnavailable",
      "Adapters work on the processor only, and WebGPU is in use. Choose WebAssembly under Engine to use it.",
    );
  }
  try {
    engine.putAdapter(name, bytes);
    return null;
  } catch (error) {
    return toWireError(error, "The engine did not take the adapter.");
  }
}
