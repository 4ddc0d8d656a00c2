// The few parts of the ZIP format that an extension store needs: deflate, UTF-8 names, no directories, no extra fields.
// Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
import { crc32, deflateRawSync } from "node:zlib";

const DATE_1980_01_01 = 0x0021;
const VERSION_DEFLATE = 20;
const FLAG_UTF8 = 0x0800;
const METHOD_DEFLATE = 8;

/**
 * @param {{ name: string, bytes: Buffer }[]} files
 * @returns {Buffer}
 */
export function zip(files) {
  const locals = [];
  const centrals = [];
  let offset = 0;
  for (const file of files) {
    const name = Buffer.from(file.name, "utf8");
    const packed = deflateRawSync(file.bytes, { level: 9 });
    const common = commonHeader(name, packed.length, file.bytes);

    const local = Buffer.concat([u32(0x04034b50), common, name, packed]);
    locals.push(local);
    centrals.push(
      Buffer.concat([
        u32(0x02014b50),
        u16(VERSION_DEFLATE),
        common,
        u16(0), // comment length
        u16(0), // disk
        u16(0), // internal attributes
        u32(0), // external attributes
        u32(offset),
        name,
      ]),
    );
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.concat([
    u32(0x06054b50),
    u16(0),
    u16(0),
    u16(files.length),
    u16(files.length),
    u32(directory.length),
    u32(offset),
    u16(0),
  ]);
  return Buffer.concat([...locals, directory, end]);
}

/** The fields that the local header and the central directory share, from "version needed" to "extra length". */
function commonHeader(name, packedLength, bytes) {
  return Buffer.concat([
    u16(VERSION_DEFLATE),
    u16(FLAG_UTF8),
    u16(METHOD_DEFLATE),
    u16(0),
    u16(DATE_1980_01_01),
    u32(crc32(bytes)),
    u32(packedLength),
    u32(bytes.length),
    u16(name.length),
    u16(0),
  ]);
}

function u16(value) {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16LE(value);
  return buffer;
}

function u32(value) {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}
