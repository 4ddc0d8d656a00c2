// Is WebGPU worth trying here? Makes a device and runs nothing on it; the last word has the known-answer test.

import type { BackendReason } from "../../shared/protocol";

/** The part of the WebGPU API that is used. */
interface AdapterInfo {
  vendor?: string;
  architecture?: string;
  device?: string;
  description?: string;
  isFallbackAdapter?: boolean;
}
interface Device {
  destroy(): void;
}
interface Adapter {
  requestDevice(): Promise<Device>;
  info?: AdapterInfo;
  isFallbackAdapter?: boolean;
}
interface Gpu {
  requestAdapter(options?: { powerPreference?: "low-power" | "high-performance" }): Promise<Adapter | null>;
}

export type Probe = { usable: false; reason: BackendReason } | { usable: true; adapter: string; software: boolean };

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render|warp|software/i;

export async function probeWebgpu(): Promise<Probe> {
  const { gpu } = navigator as Navigator & { gpu?: Gpu };
  if (!gpu) return { usable: false, reason: "webgpuAbsent" };
  let adapter: Adapter | null = null;
  try {
    adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    // Feature detection lies: only a device that could be made is one.
    (await adapter?.requestDevice())?.destroy();
  } catch {
    // Blocklisted drivers reject here instead of answering null.
    adapter = null;
  }
  if (!adapter) return { usable: false, reason: "webgpuNoAdapter" };
  const { vendor = "", architecture = "", device = "", description = "", isFallbackAdapter } = adapter.info ?? {};
  const name = [vendor, architecture, device, description].filter(Boolean).join(" ");
  const software = isFallbackAdapter === true || adapter.isFallbackAdapter === true || SOFTWARE.test(name);
  return { usable: true, adapter: name || "unknown", software };
}
