import { open } from "node:fs/promises";
import { join } from "node:path";
import { type Random, random } from "./random.ts";

const PAGE = 8192;
const TOTAL = 1.5e9;
const PAGES_A_WRITE = 128;

/** One file of database pages, 1.5 GB: a header, rows of text, numbers and random ids, free room at the end. */
export async function makeDb(folder: string, scale: number): Promise<void> {
  const rng = random("db");
  const prose = words(rng, 1 << 20);
  const pages = Math.ceil((TOTAL * scale) / PAGE);
  await using file = await open(join(folder, "app.db"), "wx");
  for (let first = 0; first < pages; first += PAGES_A_WRITE) {
    const count = Math.min(PAGES_A_WRITE, pages - first);
    const buffer = Buffer.alloc(count * PAGE);
    for (let n = 0; n < count; n++) fillPage(buffer.subarray(n * PAGE, (n + 1) * PAGE), first + n, rng, prose);
    await file.write(buffer);
  }
}

/** Fills a page with rows until 5–25 % are left free, as a B-tree leaves them. */
function fillPage(page: Buffer, number: number, rng: Random, prose: Buffer): void {
  page.writeUInt32BE(0x0d000000, 0);
  page.writeUInt32BE(number, 4);
  const end = PAGE - rng.integer(PAGE * 0.05, PAGE * 0.25);
  const ids = rng.bytes(PAGE);
  let rows = 0;
  for (let at = 16; at < end - 160; rows++) {
    at = page.writeUInt32BE(number * 64 + rows, at); // primary key
    at = page.writeUInt32BE(1_763_000_000 + number * 7 + rows * 3, at); // created at
    at += ids.copy(page, at, rows * 24, rows * 24 + rng.integer(8, 24)); // an id, a hash, a blob
    const start = rng.integer(0, prose.length - 128);
    at += prose.copy(page, at, start, start + rng.integer(30, 110)); // text
  }
  page.writeUInt16BE(rows, 8);
}

/** Prose of 4,000 invented words, the frequent ones more often. */
function words(rng: Random, size: number): Buffer {
  const syllables = [
    "ba",
    "cor",
    "den",
    "fi",
    "gal",
    "hu",
    "il",
    "jo",
    "ka",
    "lum",
    "mer",
    "no",
    "op",
    "ra",
    "sti",
    "ve",
  ];
  const word = () => Array.from({ length: rng.integer(1, 5) }, () => rng.pick(syllables)).join("");
  const vocabulary = Array.from({ length: 4000 }, word);
  let text = "";
  while (text.length < size) text += `${vocabulary[Math.floor(vocabulary.length * rng.number() ** 3)]} `;
  return Buffer.from(text);
}
