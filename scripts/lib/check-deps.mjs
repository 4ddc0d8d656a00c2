// Dependencies run one way, engines stay in their crate, and every licence is one that we may ship.
// Reads `cargo metadata` and the extension's lock file; nothing is built.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const metadata = JSON.parse(
  execFileSync("cargo", ["metadata", "--locked", "--format-version", "1"], { maxBuffer: 1 << 28, encoding: "utf8" }),
);

/** Which of our crates each of our crates may name (ARCHITECTURE.md, "Folders"). */
const ALLOWED = {
  "sotto-core": [],
  "sotto-tokenizer": ["sotto-core"],
  "sotto-lm": ["sotto-core", "sotto-tokenizer"],
  "sotto-patch": ["sotto-core"],
  // The host trains adapters with sotto-lm, and runs no model of its own through it (ARCHITECTURE.md, "Personal adapters");
  // sotto-release only in tests, which make good releases and bad ones with it.
  "sotto-host": ["sotto-core", "sotto-tokenizer", "sotto-lm", "sotto-patch", "sotto-release"],
  "sotto-release": ["sotto-core", "sotto-patch"],
  "sotto-wasm": ["sotto-core", "sotto-tokenizer", "sotto-lm"],
  "sotto-pack": ["sotto-core", "sotto-tokenizer", "sotto-lm"],
  "sotto-eval": ["sotto-core", "sotto-tokenizer", "sotto-lm"],
};

/** Crates that only one of ours may name: burn's and cubecl's types must not leave the language model. */
const OWNED = [
  { pattern: /^(burn|cubecl|wgpu|cubek)/, owner: "sotto-lm" },
  { pattern: /^ort(-sys)?$/, owner: "sotto-host" },
  // The network, and the keys to it.
  { pattern: /^(reqwest|hyper.*|rustls|tokio-rustls|keyring|age)$/, owner: "sotto-host" },
  { pattern: /^tokenizers$/, owner: "sotto-tokenizer" },
];

/** What core must never depend on, directly or through others. */
const NEVER_IN_CORE = /^(burn|cubecl|wgpu|ort|tokio|wasm-bindgen|web-sys|js-sys|reqwest|hyper|mio|rand)$/;

/** Licences that allow shipping in a product under MIT or Apache-2.0. MPL-2.0 is per file and we change none. */
const LICENCES = new Set([
  "MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "0BSD",
  "CC0-1.0", "Unlicense", "BSL-1.0", "Unicode-3.0", "Unicode-DFS-2016", "MPL-2.0", "MIT-0", "NCSA", "CDLA-Permissive-2.0",
]);

/** Packages that name a file instead of a licence; read by hand. */
const READ_BY_HAND = new Map([["cfg_block", "Apache-2.0"]]);

/** Who may name tough: it brings its own cryptography. */
const TOUGH = ["sotto-host", "sotto-release"];

const problems = [];
const ours = new Set(metadata.workspace_members);
const byId = new Map(metadata.packages.map((p) => [p.id, p]));
const nodes = new Map(metadata.resolve.nodes.map((n) => [n.id, n]));

for (const id of ours) {
  const { name, dependencies } = byId.get(id);
  const allowed = ALLOWED[name];
  if (!allowed) problems.push(`${name}: a new crate; say in ALLOWED what it may depend on`);
  for (const dependency of dependencies) {
    if (dependency.name.startsWith("sotto-") && dependency.name !== name && allowed && !allowed.includes(dependency.name))
      problems.push(`${name} must not depend on ${dependency.name}`);
    if (dependency.name === "tough" && !TOUGH.includes(name)) problems.push(`${name} must not name tough`);
    if (dependency.name === "sotto-release" && dependency.kind !== "dev") problems.push(`${name} may use sotto-release in tests only`);
    for (const { pattern, owner } of OWNED)
      if (pattern.test(dependency.name) && name !== owner)
        problems.push(`${name} must not name ${dependency.name}: it belongs to ${owner}`);
  }
}

/** Every package reachable from `id` without development dependencies. */
function reachable(id, seen = new Set()) {
  if (seen.has(id)) return seen;
  seen.add(id);
  for (const dep of nodes.get(id).deps)
    if (dep.dep_kinds.some((k) => k.kind !== "dev")) reachable(dep.pkg, seen);
  return seen;
}

for (const id of ours) {
  const isCore = byId.get(id).name === "sotto-core";
  for (const dependency of reachable(id)) {
    const { name, license } = byId.get(dependency);
    if (isCore && NEVER_IN_CORE.test(name)) problems.push(`sotto-core reaches ${name}`);
    if (ours.has(dependency)) continue;
    // "A OR B" needs one that is fine, "A AND B" needs both; the old "A/B" means OR.
    const fine = (license ?? READ_BY_HAND.get(name) ?? "").replaceAll("/", " OR ").replace(/[()]/g, "").split(/ AND /)
      .every((part) => part.split(/ OR /).some((one) => LICENCES.has(one.trim())));
    if (!fine) problems.push(`${name}: licence '${license}' is not on the list`);
  }
}

// What is bundled into the extension, by its lock file.
const lock = JSON.parse(readFileSync("extension/package-lock.json", "utf8"));
const bundled = Object.entries(lock.packages).filter(([path, { dev }]) => path !== "" && !dev);
for (const [path, { license }] of bundled) {
  const fine = (license ?? "").replace(/[()]/g, "").split(/ AND /).every((part) => part.split(/ OR /).some((one) => LICENCES.has(one.trim())));
  if (!fine) problems.push(`${path}: licence '${license}' is not on the list`);
}

for (const problem of new Set(problems)) console.error(problem);
if (problems.length === 0) console.log(`${metadata.packages.length - ours.size} crates, ${bundled.length} bundled npm packages: directions and licences are fine`);
process.exit(problems.length === 0 ? 0 : 1);
