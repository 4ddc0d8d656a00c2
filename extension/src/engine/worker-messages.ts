// Messages between the engine page and its worker. Internal to the engine: both sides are built together.

import type { TextRequest } from "../shared/assist-messages";
import type { StatusEvent } from "../shared/messages";
import type {
  AutocompleteEvent,
  AutocompleteRequest,
  BackendMeasurement,
  EngineStatus,
  HostEvent,
  WireError,
} from "../shared/protocol";
import type { BackendPreference } from "../shared/settings";
import type { LoadedAdapter } from "./personal/personal-desk";

export type MeasureResult = Extract<StatusEvent, { type: "measured" | "measureFailed" }>;

/** What is remembered between starts, per device. */
export interface StoredCalibration {
  /** What it was measured with: pack version and adapter. Another key means to measure again. */
  key: string;
  measurements: BackendMeasurement[];
}

export type ToWorker =
  | { type: "load"; preference: BackendPreference; calibration: StoredCalibration | null; crashedBefore: boolean }
  /** With the adapter of this name, if the engine has it. */
  | { type: "suggest"; key: number; request: AutocompleteRequest; adapter: string | null }
  /** The one adapter that there is; null: none any more. */
  | { type: "adapter"; adapter: LoadedAdapter | null }
  | { type: "supersede" }
  | { type: "assist"; key: number; request: TextRequest }
  /** Ends that `assist`, and no other request. */
  | { type: "supersedeAssist"; key: number }
  | { type: "measureAgain" }
  /** Puts another pack in place of the one in use (null: the one that ships), once it gave its known answer. */
  | { type: "usePack"; key: number; version: number | null }
  | { type: "measure"; key: number; prefillTokens: number; decodeTokens: number }
  /** The last `trying` is stored. */
  | { type: "tryingNoted" };

export type FromWorker =
  | { type: "status"; status: EngineStatus }
  | { type: "event"; key: number; event: AutocompleteEvent }
  /** Any number of `progress` and `delta`, then one `done` or `error`. */
  | { type: "assistEvent"; key: number; event: HostEvent }
  | { type: "measured"; key: number; result: MeasureResult }
  /** What `usePack` came to; with an error the pack from before stays. */
  | { type: "packUsed"; key: number; error: WireError | null }
  /** A stored pack cannot be used; the one that ships is. */
  | { type: "packRefused"; error: WireError }
  /** What the engine says of the adapter that it was given; null: it takes it. Again for each engine that takes over. */
  | { type: "adapterGiven"; name: string; error: WireError | null }
  | { type: "calibration"; calibration: StoredCalibration | null }
  /** What the wasm holds, after a request of the size that makes it grow. */
  | { type: "memory"; mib: number }
  /** WebGPU is about to be tried, or has been: if the browser dies in between, the next start does not try again. */
  | { type: "trying"; trying: boolean };
