// Values that came from elsewhere and were not looked at yet.

/** The value as an object with unknown fields; an empty one for everything else. */
export function record(value: unknown): Record<string, unknown> {
  return (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
}

/** Ids are u32; 0 is the host's word for "a message that I could not read". */
export function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}
