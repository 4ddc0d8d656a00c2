// Prints the benchmark next to its targets.

const MIB = 1024 * 1024;

/**
 * @param {readonly Record<string, any>[]} engines
 * @param {{wasmRaw: number, wasmGzip: number, packageZip: number, pack: number}} sizes
 * @param {{cpu: string, cores: number}} machine
 */
export function printTable(engines, sizes, machine) {
  console.log(`\n${machine.cpu}, ${machine.cores} cores\n`);
  const columns = [
    ["engine", "name"],
    ["tok/s", "decodeTokPerS"],
    ["prefill 64 ms", "prefill64Ms"],
    ["load ms", "loadMs"],
    ["first ms", "coldFirstSuggestionMs"],
    ["key→ghost p50", "keyToGhostP50Ms"],
    ["p95", "keyToGhostP95Ms"],
    ["engine p50", "engineP50Ms"],
    ["p95", "engineP95Ms"],
    ["main p50", "mainThreadP50Ms"],
    ["MiB", "memoryMiB"],
    ["suggestions", "suggestions"],
  ];
  const rows = [columns.map(([head]) => String(head))];
  for (const engine of engines) rows.push(columns.map(([, key]) => String(engine[key ?? ""])));
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  for (const row of rows) {
    const cells = row.map((cell, index) =>
      index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0),
    );
    console.log(cells.join("  "));
  }

  const wasm = engines.find((engine) => engine.backend === "wasm");
  const targets = [
    ["keystroke → ghost p95, WebAssembly", wasm?.keyToGhostP95Ms, 150, "ms"],
    ["content script per keystroke, p50", wasm?.mainThreadP50Ms, 1, "ms"],
    ["content script per keystroke, p95", wasm?.mainThreadP95Ms, 1, "ms"],
    ["wasm, gzip", sizes.wasmGzip / MIB, 6, "MiB"],
    ["package, zip", sizes.packageZip / MIB, 30, "MiB"],
  ];
  console.log("\ntarget                                 measured      target   ratio");
  for (const [name, value, target, unit] of targets) {
    const measured = Number(value ?? Number.NaN);
    const ratio = measured / Number(target);
    console.log(
      `${String(name).padEnd(36)} ${measured.toFixed(2).padStart(7)} ${unit}  ${String(target).padStart(6)} ${unit}  ${ratio.toFixed(2)}${ratio <= 1 ? "" : "  OVER"}`,
    );
  }
  console.log(`wasm raw ${(sizes.wasmRaw / MIB).toFixed(2)} MiB, pack ${(sizes.pack / MIB).toFixed(2)} MiB`);
}
