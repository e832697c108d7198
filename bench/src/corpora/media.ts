import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { random } from "./random.ts";

const MIB = 1024 * 1024;
const TOTAL = 2e9;

/** Recordings: incompressible files of 20–80 MB, 2 GB in all, in a folder a day. */
export async function makeMedia(folder: string, scale: number): Promise<void> {
  const rng = random("media");
  for (let left = TOTAL * scale, n = 0; left > 0; n++) {
    const size = Math.min(left, rng.integer(20e6, 80e6));
    const day = String(1 + Math.floor(n / 8)).padStart(2, "0");
    const path = join(folder, `2026-11-${day}`, `camera-${n % 4}-${String(n).padStart(4, "0")}.mp4`);
    await mkdir(dirname(path), { recursive: true });
    await using file = await open(path, "wx");
    for (let at = 0; at < size; at += MIB) await file.write(rng.bytes(Math.min(MIB, size - at)));
    left -= size;
  }
}
