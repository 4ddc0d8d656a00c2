// The wasm package's surface, for type-checking before scripts/build-wasm has run. Where src/wasm exists, tsconfig takes
// the generated declarations instead, so a difference between the two shows as a type error in the worker.

/** Reads and verifies a model pack. Every error thrown has `code`, `message` and `retryable`. */
export class PackLoader {
  /** Refuses a pack that is older than `leastVersion`. */
  constructor(manifest: Uint8Array, signature: Uint8Array, leastVersion?: number);
  /** JSON: `[{ role, sha256, bytes }]`. */
  blobs(): string;
  add(role: string, bytes: Uint8Array): void;
  load(backend: string): Promise<Engine>;
  free(): void;
}

/** A loaded model on one backend. One `suggest` or `assist` at a time. */
export class Engine {
  info(): string;
  suggest(requestJson: string): Promise<string>;
  /**
   * Answers a `HostRequest` of type `summarize` or `chat`. `onEvent` gets each `progress` and `delta`, the promise the
   * `done` or `error`; all of them `HostEvent` as JSON with the request's id. Never rejects. `supersede` ends it with
   * the error `cancelled` after the token in flight.
   */
  assist(requestJson: string, onEvent: (eventJson: string) => void): Promise<string>;
  supersede(): void;
  /**
   * Keeps an adapter under a name, in place of an older one of that name. Throws what is wrong with it; `notReady` in the middle
   * of a request, as the two below.
   */
  putAdapter(name: string, bytes: Uint8Array): void;
  /** From now on with this adapter; without a name, or with one that is not here, with none. Cheap where nothing changes. */
  useAdapter(name?: string): void;
  dropAdapters(): void;
  measure(prefillTokens: number, decodeTokens: number): Promise<string>;
  free(): void;
}

/** JSON in (`BackendMeasurements`), JSON out (`BackendChoice`). */
export function chooseBackend(measurementsJson: string): string;
/** JSON in (`RouteInput`), JSON out (`RouteDecision`). */
export function decideRoute(inputJson: string): string;
/** JSON in (`RedactionInput`), JSON out (`RedactionPreview`). */
export function previewRedaction(inputJson: string): string;
/** JSON in (`PhraseInput`), JSON out (`SuggestOutcome`). */
export function judgePhrase(inputJson: string): string;
export function protocolVersion(): number;

/** What was counted on this device. Everything is JSON. */
export class Counters {
  /** Goes on from what `stored` gave; from nothing if that is damaged. */
  constructor(storedJson: string);
  /** Counts an `Observation`. */
  record(observationJson: string): void;
  stored(): string;
  /** A `TelemetryView`. */
  view(): string;
  /** `Schema` and `Epsilon` in, `Export` out: counts with noise. */
  export(schemaJson: string, epsilonJson: string): string;
  free(): void;
}

export default function init(options?: { module_or_path: URL | string }): Promise<{ memory: WebAssembly.Memory }>;
