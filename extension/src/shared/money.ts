// Amounts of money, as the user wrote the currency.

import type { Cost } from "./protocol";

/** Below one unit four digits: cents alone would call most requests free. */
export function money({ micros, currency }: Cost): string {
  const amount = micros / 1e6;
  const text = amount.toLocaleString(undefined, { maximumFractionDigits: amount < 1 ? 4 : 2 });
  return `${text} ${currency}`;
}
