import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Random, random } from "./random.ts";
import { type RawMaterial, rawMaterial } from "./raw.ts";

const FILES = 100_000;
/** Every so many files one is an exact copy of an earlier one, as installed dependencies are. */
const COPY_EVERY = 10;
/** Every so many files one is binary and incompressible: an icon, a font. */
const BINARY_EVERY = 40;
const MEAN_BYTES = 8_500;
const MAX_BYTES = 400_000;

/**
 * Many small files that look real, 1.1 GB on disk: names, folders, sizes and text come
 * from this project's installed dependencies, but each file is spliced anew from runs of
 * their lines, so that no tool gains from storing one file many times.
 */
export async function makeSource(folder: string, scale: number): Promise<void> {
  const rng = random("source");
  const raw = await rawMaterial();
  const earlier: Buffer[] = [];
  const total = Math.ceil(FILES * scale);
  for (let n = 0; n < total; n++) {
    const model = raw.files[n % raw.files.length];
    if (model === undefined) throw new Error("There is no raw material: run npm ci first.");
    const copy = Math.floor(n / raw.files.length);
    const path = join(folder, `project-${String(copy).padStart(2, "0")}`, model.path);
    const content = n % COPY_EVERY === COPY_EVERY - 1 ? rng.pick(earlier) : fresh(n, model.extension, rng, raw);
    if (earlier.length < 2000) earlier.push(content);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { flag: "wx" });
    if (n % 50 === 0) await chmod(path, 0o755);
    if (n % 500 === 0) await symlink(`./${path.slice(path.lastIndexOf("/") + 1)}`, `${path}.link`);
  }
}

/** Sizes as source trees have them: log-normal, half of them below 2 KB, some of hundreds. */
function sizeOf(rng: Random): number {
  const normal = Math.sqrt(-2 * Math.log(1 - rng.number())) * Math.cos(2 * Math.PI * rng.number());
  const sigma = 1.7;
  const size = MEAN_BYTES * Math.exp(sigma * normal - (sigma * sigma) / 2);
  return Math.min(MAX_BYTES, Math.ceil(size));
}

function fresh(n: number, extension: string, rng: Random, raw: RawMaterial): Buffer {
  const size = sizeOf(rng);
  if (n % BINARY_EVERY === 0) return rng.bytes(size);
  const text = raw.text.get(extension);
  if (text === undefined) return rng.bytes(size);
  const pieces: string[] = [`// ${n}\n`];
  for (let length = 0; length < size; ) {
    const from = rng.integer(0, text.length);
    const run = text.slice(from, from + rng.integer(20, 120)).join("");
    pieces.push(run);
    length += run.length;
  }
  return Buffer.from(pieces.join("").slice(0, size));
}
