// The model in the worker: loading, choosing a backend, answering. WebAssembly comes first so that suggestions work at
// once; WebGPU is measured behind its back while nobody types, and takes over only if core's rule says that it is
// faster. Every other outcome has a reason.

import init, { type Engine, PackLoader, protocolVersion } from "sotto-wasm";
import type { TextRequest } from "../../shared/assist-messages";
import { SottoError, toWireError, wireError } from "../../shared/errors";
import {
  type AutocompleteEvent,
  type AutocompleteRequest,
  type Backend,
  type BackendChoice,
  type BackendMeasurement,
  type EngineInfo,
  PROTOCOL_VERSION,
  type WireError,
} from "../../shared/protocol";
import type { BackendPreference } from "../../shared/settings";
import { PackStorage } from "../packs/pack-storage";
import type { LoadedAdapter } from "../personal/personal-desk";
import type { FromWorker, MeasureResult, StoredCalibration, ToWorker } from "../worker-messages";
import { AdapterShelf } from "./adapter-shelf";
import { Assisting } from "./assisting";
import { Idle } from "./idle";
import { choose, failed, measured, works } from "./measurement";
import { loadError, parseEvent, parseInfo, webgpuFailure, whyNot } from "./outcomes";
import { type Pack, type PackSource, packaged, packagedVersion, readPack, stored } from "./pack-files";
import { type Probe, probeWebgpu } from "./webgpu";

type LoadMessage = Extract<ToWorker, { type: "load" }>;

const MIB = 2 ** 20;

/** What is said while both are being compared. */
const MEANWHILE: BackendChoice = {
  backend: "wasm",
  reason: "measuredFaster",
  detail: "WebAssembly answers while WebGPU is being measured on this device",
};

export interface RuntimeOutputs {
  post(message: FromWorker): void;
  /** Resolves when it is stored that WebGPU is being tried (or no longer). */
  noteTrying(trying: boolean): Promise<void>;
}

export class Runtime {
  readonly #outputs: RuntimeOutputs;
  readonly #idle = new Idle();
  readonly #assisting: Assisting;
  readonly #shelf: AdapterShelf;
  #source: PackSource = packaged;
  #pack: Pack | undefined;
  #engine: { engine: Engine; backend: Backend } | undefined;
  #loadMs = 0;
  #preference: BackendPreference = "auto";
  #measuring = false;
  #choice: BackendChoice | undefined;
  #memory: WebAssembly.Memory | undefined;

  constructor(outputs: RuntimeOutputs) {
    this.#outputs = outputs;
    this.#assisting = new Assisting((key, event) => outputs.post({ type: "assistEvent", key, event }));
    this.#shelf = new AdapterShelf((name, error) => outputs.post({ type: "adapterGiven", name, error }));
  }

  async load(message: LoadMessage): Promise<void> {
    this.#preference = message.preference;
    const startMs = performance.now();
    try {
      const { memory } = await init({ module_or_path: new URL("sotto_wasm_bg.wasm", self.location.origin) });
      this.#memory = memory;
      if (protocolVersion() !== PROTOCOL_VERSION) {
        throw new SottoError(wireError("versionMismatch", "Parts of Sotto do not fit together. Install it again."));
      }
      await this.#openStored();
      if (message.preference === "webgpu") await this.#loadRequestedWebgpu(message, startMs);
      else await this.#loadWasmFirst(message, startMs);
    } catch (error) {
      this.#outputs.post({ type: "status", status: { type: "failed", error: loadError(error) } });
    }
  }

  async suggest(key: number, request: AutocompleteRequest, adapter: string | null): Promise<void> {
    const event = await this.#idle.use(() => this.#answer(request, adapter));
    this.#outputs.post({ type: "event", key, event });
  }

  setAdapter(adapter: LoadedAdapter | null): void {
    this.#shelf.set(adapter);
    this.#giveAdapter();
  }

  /** Ends the suggestion in flight. The engine page starts none during an answer, so one that runs is not meant. */
  supersede(): void {
    if (!this.#assisting.isRunning) this.#engine?.engine.supersede();
  }

  /** Chat or summary: in line with suggestions, one at a time. */
  async assist(key: number, request: TextRequest): Promise<void> {
    await this.#idle.use(async () => {
      const current = this.#engine;
      // What learned from the user's mails has no business in the summary of a page.
      if (current) this.#shelf.choose(current, null);
      const lost = await this.#assisting.run(key, request, current?.engine, current?.backend, this.#choice);
      if (lost) await this.#fallBack();
    });
    this.#tellMemory();
  }

  supersedeAssist(key: number): void {
    this.#assisting.supersede(key);
  }

  /** Speed of the engine in use, for the benchmark. */
  async measure(key: number, prefillTokens: number, decodeTokens: number): Promise<void> {
    const result = await this.#idle.use(async (): Promise<MeasureResult> => {
      const current = this.#engine;
      if (!current) return { type: "measureFailed", error: wireError("notReady", "The engine is not loaded.", true) };
      try {
        this.#shelf.choose(current, null);
        const figures = JSON.parse(await current.engine.measure(prefillTokens, decodeTokens));
        return { type: "measured", prefillMs: figures.prefillMs, decodeTokPerS: figures.decodeTokPerS };
      } catch (error) {
        return { type: "measureFailed", error: toWireError(error, "The engine could not be measured.") };
      }
    });
    this.#outputs.post({ type: "measured", key, result });
  }

  async usePack(key: number, version: number | null): Promise<void> {
    const error = await this.#exchange(version).catch(loadError);
    this.#outputs.post({ type: "packUsed", key, error: error ?? null });
  }

  async measureAgain(): Promise<void> {
    // A backend that the user chose stays, whatever its speed.
    if (this.#preference !== "auto") return;
    const probe = await probeWebgpu();
    const reason = whyNot(probe, false);
    if (reason || !probe.usable) {
      if (this.#engine?.backend !== "wasm") await this.#use("wasm");
      this.#ready(choose(null, [failed("webgpu", reason ?? "webgpuAbsent"), works("wasm")]));
    } else {
      await this.#measure(probe);
    }
  }

  /** Starts with the pack that the host handed over. One that cannot be used is noted and removed: the packaged one is there. */
  async #openStored(): Promise<void> {
    const storage = await PackStorage.open().catch(() => undefined);
    const version = (await storage?.state())?.active ?? null;
    if (!storage || version === null) return;
    // The extension was updated since, and brought the same model or a newer one.
    if (version <= (await packagedVersion())) {
      await storage.setState({ active: null, refused: null });
      await storage.removeOthers(null);
      return;
    }
    try {
      this.#source = stored(storage, version);
      await this.#use("wasm");
    } catch (error) {
      this.#source = packaged;
      void this.#pack?.free();
      this.#pack = undefined;
      const refusal = loadError(error);
      this.#outputs.post({ type: "packRefused", error: refusal });
      await storage.setState({ active: null, refused: { version, error: refusal } });
      await storage.removeOthers(null);
    }
  }

  /** The model in use answers until the new one is there. */
  async #exchange(version: number | null): Promise<WireError | undefined> {
    const choice = this.#choice;
    if (!this.#engine || !choice || this.#measuring) {
      return wireError("notReady", "The engine is being measured. Try again in a moment.", true);
    }
    const source = version === null ? packaged : stored(await PackStorage.open(), version);
    const pack = await readPack(source, await this.#loaderFor(source));
    try {
      this.#replace(await pack.load(this.#engine.backend), this.#engine.backend);
    } finally {
      void pack.free();
    }
    this.#source = source;
    this.#ready(choice);
    return undefined;
  }

  async #loadRequestedWebgpu({ crashedBefore }: LoadMessage, startMs: number): Promise<void> {
    const measurement = crashedBefore
      ? failed("webgpu", "webgpuCrashedBefore")
      : await this.#tryWebgpu(await probeWebgpu());
    if (!measurement.available) await this.#use("wasm");
    this.#loadMs = performance.now() - startMs;
    this.#ready(choose("webgpu", measurement.available ? [measurement] : [measurement, works("wasm")]));
  }

  async #loadWasmFirst({ preference, calibration, crashedBefore }: LoadMessage, startMs: number): Promise<void> {
    let wasm = works("wasm");
    try {
      if (!this.#engine) await this.#use("wasm");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "backendUnavailable")) throw error;
      wasm = failed("wasm", "wasmFailed");
    }
    this.#loadMs = performance.now() - startMs;
    if (preference === "wasm" && wasm.available) {
      this.#ready(choose("wasm", [wasm]));
      return;
    }
    const probe = await probeWebgpu();
    if (!wasm.available) {
      const webgpu = await this.#tryWebgpu(probe);
      this.#ready(choose(null, [webgpu, wasm]));
      return;
    }
    const reason = whyNot(probe, crashedBefore);
    if (reason || !probe.usable) {
      this.#ready(choose(null, [failed("webgpu", reason ?? "webgpuAbsent"), wasm]));
      return;
    }
    const known = calibration?.key === this.#calibrationKey(probe) ? calibration.measurements : null;
    const remembered = known ? choose(null, known) : null;
    if (remembered?.backend === "wasm") {
      this.#ready(remembered);
      return;
    }
    this.#ready(MEANWHILE);
    if (remembered) await this.#switchToWebgpu(probe, remembered);
    else await this.#measure(probe);
  }

  async #answer(request: AutocompleteRequest, adapter: string | null): Promise<AutocompleteEvent> {
    const { id } = request;
    const current = this.#engine;
    if (!current) return { type: "error", id, error: wireError("notReady", "The engine is still loading.", true) };
    try {
      this.#shelf.choose(current, adapter);
      const event = parseEvent(await current.engine.suggest(JSON.stringify(request)), id);
      const lost = event.type === "error" && event.error.code === "deviceLost" && current.backend === "webgpu";
      if (!lost) return event;
      await this.#fallBack();
      return await this.#answer(request, adapter);
    } catch (error) {
      return { type: "error", id, error: toWireError(error, "The engine failed on this request.") };
    }
  }

  /** The GPU is gone: WebAssembly takes over, and WebGPU is measured again at the next start. */
  async #fallBack(): Promise<void> {
    this.#outputs.post({ type: "calibration", calibration: null });
    await this.#use("wasm");
    this.#ready(choose(null, [failed("webgpu", "webgpuLost"), works("wasm")]));
  }

  /** Measures both and lets the rule decide. Each step waits until nobody is typing. */
  async #measure(probe: Extract<Probe, { usable: true }>): Promise<void> {
    if (this.#measuring) return;
    this.#measuring = true;
    try {
      if (this.#engine?.backend !== "wasm") await this.#use("wasm");
      this.#ready(MEANWHILE);
      const wasm = await this.#measureWasm();
      const webgpu = await this.#measureWebgpu(probe);
      const choice = choose(null, [webgpu.measurement, wasm]);
      const calibration: StoredCalibration = {
        key: this.#calibrationKey(probe),
        measurements: [webgpu.measurement, wasm],
      };
      this.#outputs.post({ type: "calibration", calibration });
      if (choice.backend === "webgpu" && webgpu.engine) this.#replace(webgpu.engine, "webgpu");
      else webgpu.engine?.free();
      this.#ready(choice);
    } finally {
      this.#measuring = false;
    }
  }

  async #measureWasm(): Promise<BackendMeasurement> {
    const current = this.#engine;
    if (!current) return failed("wasm", "wasmFailed");
    return this.#idle.whenQuiet(() => measured("wasm", current.engine, false));
  }

  async #measureWebgpu(
    probe: Extract<Probe, { usable: true }>,
  ): Promise<{ measurement: BackendMeasurement; engine?: Engine }> {
    await this.#outputs.noteTrying(true);
    try {
      // Not in line: compiling shaders takes seconds, and the engine in use can answer meanwhile.
      await this.#idle.quiet();
      const engine = await (await this.#readPack()).load("webgpu");
      const measurement = await this.#idle.whenQuiet(() => measured("webgpu", engine, probe.software));
      return { measurement, engine };
    } catch (error) {
      return { measurement: failed("webgpu", webgpuFailure(error)) };
    } finally {
      await this.#outputs.noteTrying(false);
    }
  }

  async #switchToWebgpu(probe: Probe, choice: BackendChoice): Promise<void> {
    await this.#idle.quiet();
    const measurement = await this.#tryWebgpu(probe);
    this.#ready(measurement.available ? choice : choose(null, [measurement, works("wasm")]));
  }

  /** Puts WebGPU in place if it works; what was there stays if it does not. */
  async #tryWebgpu(probe: Probe): Promise<BackendMeasurement> {
    if (!probe.usable) return failed("webgpu", probe.reason);
    await this.#outputs.noteTrying(true);
    try {
      await this.#use("webgpu");
      return works("webgpu", probe.software);
    } catch (error) {
      const now = await probeWebgpu();
      return failed("webgpu", now.usable ? webgpuFailure(error) : now.reason);
    } finally {
      await this.#outputs.noteTrying(false);
    }
  }

  async #use(backend: Backend): Promise<void> {
    const pack = await this.#readPack();
    this.#replace(await pack.load(backend), backend);
  }

  #replace(engine: Engine, backend: Backend): void {
    const old = this.#engine;
    this.#engine = { engine, backend };
    // An engine that is answering is freed when it is done.
    if (old) void this.#idle.afterUse(() => old.engine.free());
  }

  async #readPack(): Promise<Pack> {
    this.#pack ??= await readPack(this.#source, await this.#loaderFor(this.#source));
    return this.#pack;
  }

  /** Only a newer pack may take the place of the one that ships. */
  async #loaderFor(source: PackSource): Promise<(manifest: Uint8Array, signature: Uint8Array) => PackLoader> {
    const least = source === packaged ? undefined : (await packagedVersion()) + 1;
    return (manifest, signature) => new PackLoader(manifest, signature, least);
  }

  #calibrationKey(probe: Extract<Probe, { usable: true }>): string {
    const info = this.#engine ? parseInfo(this.#engine.engine) : undefined;
    return `${info?.model}-${info?.version} ${probe.adapter}`;
  }

  /** Between two requests; the engine may be another one by then. */
  #giveAdapter(): void {
    void this.#idle.afterUse(() => {
      if (this.#engine) this.#shelf.give(this.#engine);
    });
  }

  #tellMemory(): void {
    if (this.#memory) this.#outputs.post({ type: "memory", mib: Math.ceil(this.#memory.buffer.byteLength / MIB) });
  }

  #ready(choice: BackendChoice): void {
    if (!this.#engine) throw new SottoError(wireError("backendUnavailable", "No backend runs the model."));
    this.#choice = choice;
    if (choice !== MEANWHILE) {
      // As large as the model itself. Should the other backend be wanted later on, it is read and verified again.
      void this.#pack?.free();
      this.#pack = undefined;
    }
    const engine: EngineInfo = {
      ...parseInfo(this.#engine.engine),
      backend: this.#engine.backend,
      backendReason: choice.reason,
      backendDetail: choice.detail,
      loadMs: this.#loadMs,
      lastLatencyMs: null,
    };
    this.#outputs.post({ type: "status", status: { type: "ready", engine } });
    this.#giveAdapter();
  }
}
