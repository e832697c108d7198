import { execFileSync } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Random } from "./random.ts";

const SLOTS = 24;
const CONTENTS = 32;
const SMALLEST = 2_000;
const LARGEST = 400_000;
/** Says which state of which tree it is: a restored tree tells what it is to be compared with. */
export const STATE_FILE = "state";

/** Content that several trees have, or had, or will have again. */
export function makeContents(random: Random): readonly Buffer[] {
  return Array.from({ length: CONTENTS }, () => noise(random, SMALLEST + random.below(LARGEST - SMALLEST)));
}

/** A folder that changes, of which copies are kept. */
export interface ChangingTree {
  readonly path: string;
  /** Changes some files, keeps a copy of what is there then. */
  change(): void;
}

/** Makes a tree that changes at random; its states are copied into `copies`, by the names that they have. */
export function changingTree(
  name: string,
  { path, copies }: { readonly path: string; readonly copies: string },
  contents: readonly Buffer[],
  random: Random,
): ChangingTree {
  let states = 0;

  function changeSlot(slot: number): void {
    const file = join(path, `${slot % 4}`, `${slot}.bin`);
    rmSync(file, { force: true });
    if (random.chance(0.2)) return;
    const content = contents[random.below(contents.length)] ?? Buffer.alloc(0);
    mkdirSync(dirname(file), { recursive: true });
    if (random.chance(0.3)) writeFileSync(file, noise(random, SMALLEST + random.below(LARGEST / 4)));
    else if (random.chance(0.2)) writeFileSync(file, edited(content, random));
    else writeFileSync(file, content);
  }

  mkdirSync(path, { recursive: true });
  for (let slot = 0; slot < SLOTS; slot++) changeSlot(slot);
  return {
    path,
    change() {
      const changes = random.chance(0.15) ? 0 : random.below(SLOTS / 2);
      for (let n = 0; n < changes; n++) changeSlot(random.below(SLOTS));
      const state = `${name}-${states++}`;
      writeFileSync(join(path, STATE_FILE), state);
      execFileSync("cp", ["-a", path, join(copies, state)]);
    },
  };
}

function edited(content: Buffer, random: Random): Buffer {
  const at = random.below(content.length);
  return Buffer.concat([content.subarray(0, at), noise(random, 100), content.subarray(at)]);
}

function noise(random: Random, length: number): Buffer {
  const key = Buffer.alloc(16);
  key.writeUInt32LE(random.below(2 ** 32));
  key.writeUInt32LE(random.below(2 ** 32), 4);
  return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length));
}
