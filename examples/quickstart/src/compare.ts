import { type FileHandle, lstat, open, readdir, readlink } from "node:fs/promises";

/** What a comparison found. */
export interface Comparison {
  readonly files: number;
  readonly directories: number;
  readonly links: number;
  /** Bytes of the files that were compared. */
  readonly bytes: number;
  /** Every difference, as a sentence. */
  readonly differences: readonly string[];
}

const SLASH = Buffer.from("/");

/**
 * Compares two trees itself, trusting nobody: every name (as bytes, for names need not be
 * UTF-8), type, mode, modification time and link, and every byte of every file. Of the two
 * directories themselves only what is in them counts.
 */
export async function compareTrees(left: string, right: string): Promise<Comparison> {
  const found = { files: 0, directories: 0, links: 0, bytes: 0, differences: [] as string[] };

  async function compare(a: Buffer, b: Buffer): Promise<void> {
    const differ = (what: string) => found.differences.push(`${a.toString()}: ${what}`);
    const [one, other] = await Promise.all([lstat(a), lstat(b)]);
    if ((one.mode & 0o170000) !== (other.mode & 0o170000)) return void differ("became something else");
    if (one.isSymbolicLink()) {
      found.links++;
      const targets = await Promise.all([a, b].map((path) => readlink(path, "buffer")));
      if (!targets[0]?.equals(targets[1] ?? SLASH)) differ("leads elsewhere");
      return;
    }
    if (one.mode !== other.mode) differ(`has mode ${octal(other.mode)}, not ${octal(one.mode)}`);
    if (Math.trunc(one.mtimeMs) !== Math.trunc(other.mtimeMs)) differ("has another modification time");
    if (one.isDirectory()) {
      found.directories++;
      await compareFolders(a, b);
    } else if (one.isFile()) {
      found.files++;
      found.bytes += one.size;
      if (one.size !== other.size || !(await sameBytes(a, b))) differ("has other bytes");
    }
  }

  async function compareFolders(a: Buffer, b: Buffer): Promise<void> {
    const [names, others] = await Promise.all([a, b].map((path) => readdir(path, { encoding: "buffer" })));
    const there = new Set(others?.map((name) => name.toString("latin1")));
    for (const name of names ?? []) {
      if (there.delete(name.toString("latin1"))) {
        await compare(Buffer.concat([a, SLASH, name]), Buffer.concat([b, SLASH, name]));
      } else found.differences.push(`${a.toString()}: lacks ${name.toString()}`);
    }
    for (const extra of there) found.differences.push(`${a.toString()}: has ${extra}, which was never there`);
  }

  await compareFolders(Buffer.from(left), Buffer.from(right));
  return found;
}

async function sameBytes(a: Buffer, b: Buffer): Promise<boolean> {
  await using one = await open(a);
  await using other = await open(b);
  const [mine, yours] = [Buffer.allocUnsafe(1 << 20), Buffer.allocUnsafe(1 << 20)];
  for (;;) {
    const [count, otherCount] = await Promise.all([fill(one, mine), fill(other, yours)]);
    if (count !== otherCount || mine.compare(yours, 0, count, 0, count) !== 0) return false;
    if (count < mine.length) return true;
  }
}

/** Reads until the buffer is full or the file ends: a single read may stop short. */
async function fill(file: FileHandle, buffer: Buffer): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

const octal = (mode: number) => (mode & 0o7777).toString(8);
