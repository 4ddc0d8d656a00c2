// Text of single authors that the model never read, out of Debian packages of known version and sum, as JSON lines of
// `{"id", "text"}` for `sotto-eval personal`. What cannot be had (no apt, no network, another release) is left out, with
// the reason on stderr. Nothing of it is committed.
//
//   node tests/bench/personal/authors.mjs CACHE OUT

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, inflateSync } from "node:zlib";

/** Bytes of an author's text: some 30,000 tokens with room to spare. */
const MAX_BYTES = 160_000;

const [cache, out] = process.argv.slice(2);
if (!out) {
  console.error("usage: node authors.mjs CACHE OUT");
  process.exit(2);
}
mkdirSync(cache, { recursive: true });
const authors = JSON.parse(readFileSync(new URL("authors.json", import.meta.url), "utf8"));
const lines = [];
for (const author of authors) {
  try {
    const text = prose(await read(author), author.from);
    lines.push(JSON.stringify({ id: author.name, text: text.slice(0, MAX_BYTES) }));
  } catch (error) {
    console.error(`left out: ${author.name}: ${error.message.split("\n")[0]}`);
  }
}
writeFileSync(out, lines.map((line) => `${line}\n`).join(""));
console.log(`${lines.length} of ${authors.length} authors`);

/** The author's file as text. */
async function read(author) {
  const bytes = readFileSync(unpacked(author));
  return author.format === "r-data" ? rStrings(bytes, author.record) : gunzipSync(bytes).toString("utf8");
}

/** Path of the author's file: the package is fetched, checked and unpacked where it is not there. */
function unpacked({ package: name, version, sha256, file }) {
  const folder = join(cache, `${name}_${version}`);
  if (!existsSync(join(folder, file))) {
    const work = join(cache, `${name}.part`);
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work);
    execFileSync("apt-get", ["download", "-qq", "-o", "APT::Sandbox::User=root", `${name}=${version}`], {
      cwd: work,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [archive] = readdirSync(work);
    const sum = createHash("sha256")
      .update(readFileSync(join(work, archive)))
      .digest("hex");
    if (sum !== sha256) throw new Error(`the package has the sum ${sum}, not ${sha256}`);
    execFileSync("dpkg-deb", ["-x", join(work, archive), join(work, "unpacked")]);
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(work, "unpacked"), folder);
    rmSync(work, { recursive: true });
  }
  return join(folder, file);
}

/**
 * The strings of the character vector in a lazy-load database of R that begins with `first`. Such a file is a row of records:
 * four bytes of length and a zlib stream of that length, inside of it the format of R's `serialize` (R Internals, section 1.8).
 */
function rStrings(bytes, first) {
  for (let at = 0; at + 4 < bytes.length; ) {
    const { buffer, engine } = inflateSync(bytes.subarray(at + 4), { info: true });
    at += 4 + engine.bytesWritten;
    // Behind the header of 14 bytes and the encoding's name comes the vector: its type and its length, then each string
    // with its type and length.
    let offset = 14 + 4 + buffer.readUInt32BE(14) + 4;
    const count = buffer.readUInt32BE(offset);
    offset += 4;
    const strings = [];
    for (let index = 0; index < count; index += 1) {
      const length = buffer.readInt32BE(offset + 4);
      offset += 8 + Math.max(length, 0);
      strings.push(buffer.toString("utf8", offset - Math.max(length, 0), offset));
    }
    if (strings[0] === first) return strings.join("\n");
  }
  throw new Error(`no record begins with ${first}`);
}

/** Paragraphs in one line each, from the last place where `from` stands; what is no prose is left out. */
function prose(text, from) {
  const start = text.lastIndexOf(from);
  if (start < 0) throw new Error(`its text has no '${from.trim()}'`);
  const paragraphs = text
    .slice(start)
    .replaceAll("\r", "")
    .split(/\n\s*\n/);
  return paragraphs
    .map((paragraph) => paragraph.replaceAll(/\s+/g, " ").trim())
    .filter(isProse)
    .join("\n\n");
}

function isProse(paragraph) {
  const letters = paragraph.replaceAll(/[^\p{L} ,.'’]/gu, "").length;
  return paragraph.length >= 60 && /[.!?:”"')]$/.test(paragraph) && letters / paragraph.length > 0.93;
}
