// Fonts for the PDF: the same Inter as on the screen, unpacked from WOFF to TrueType, because Typst reads no WOFF.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { inflateSync } from 'node:zlib';

const SUBSETS = ['latin', 'latin-ext', 'cyrillic', 'cyrillic-ext'];
const WEIGHTS = [400, 700];

/** Yield [file name, bytes]. Each subset gets a family of its own, so that Typst can be told the order to look in. */
export function* printFonts(root) {
  const files = path.join(root, 'node_modules/@fontsource/inter/files');
  for (const subset of SUBSETS) {
    for (const weight of WEIGHTS) {
      const woff = readFileSync(path.join(files, `inter-${subset}-${weight}-normal.woff`));
      const family = `Vikno Inter ${subset}`;
      yield [`inter-${subset}-${weight}.ttf`, fromWoff(woff, family, weight === 700 ? 'Bold' : 'Regular')];
    }
  }
}

/** https://www.w3.org/TR/WOFF/: a table directory of 20 bytes an entry after a header of 44, tables deflated. */
function fromWoff(woff, family, style) {
  const count = woff.readUInt16BE(12);
  const tables = [];
  for (let i = 0; i < count; i += 1) {
    const entry = 44 + i * 20;
    const tag = woff.toString('latin1', entry, entry + 4);
    const [offset, packed, length] = [4, 8, 12].map((at) => woff.readUInt32BE(entry + at));
    const raw = woff.subarray(offset, offset + packed);
    const data = packed < length ? inflateSync(raw) : raw;
    tables.push({ tag, data: tag === 'name' ? nameTable(family, style) : data });
  }
  return trueType(woff.readUInt32BE(4), tables);
}

function trueType(flavour, tables) {
  const power = Math.floor(Math.log2(tables.length));
  const range = 16 * 2 ** power;
  const head = Buffer.alloc(12 + 16 * tables.length);
  head.writeUInt32BE(flavour, 0);
  head.writeUInt16BE(tables.length, 4);
  head.writeUInt16BE(range, 6);
  head.writeUInt16BE(power, 8);
  head.writeUInt16BE(tables.length * 16 - range, 10);
  const parts = [head];
  let offset = head.length;
  tables.forEach(({ tag, data }, i) => {
    const padded = Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
    head.write(tag, 12 + i * 16, 'latin1');
    head.writeUInt32BE(checksum(padded), 16 + i * 16);
    head.writeUInt32BE(offset, 20 + i * 16);
    head.writeUInt32BE(data.length, 24 + i * 16);
    parts.push(padded);
    offset += padded.length;
  });
  return Buffer.concat(parts);
}

function checksum(padded) {
  let sum = 0;
  for (let at = 0; at < padded.length; at += 4) sum = (sum + padded.readUInt32BE(at)) >>> 0;
  return sum;
}

/** The four names a font needs: family, style, full name, PostScript name (Windows, Unicode, English). */
function nameTable(family, style) {
  const texts = [
    [1, family],
    [2, style],
    [4, `${family} ${style}`],
    [6, `${family}-${style}`.replaceAll(' ', '')],
  ].map(([id, text]) => [id, Buffer.from(text, 'utf16le').swap16()]);
  const head = Buffer.alloc(6 + 12 * texts.length);
  head.writeUInt16BE(texts.length, 2);
  head.writeUInt16BE(head.length, 4);
  let offset = 0;
  texts.forEach(([id, text], i) => {
    [3, 1, 0x409, id, text.length, offset].forEach((value, j) => head.writeUInt16BE(value, 6 + i * 12 + j * 2));
    offset += text.length;
  });
  return Buffer.concat([head, ...texts.map(([, text]) => text)]);
}
