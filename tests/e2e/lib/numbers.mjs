// Small sums over measurements.

/**
 * Nearest-rank percentile.
 * @param {readonly number[]} values
 * @param {number} percent in 0..=100
 * @returns {number} 0 for no values
 */
export function percentile(values, percent) {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.ceil((percent / 100) * sorted.length);
  return sorted[Math.max(0, rank - 1)] ?? 0;
}
