import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdtemp, open, readFile, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BlockWriterOptions, blockWriter } from "@lifeboat/disk";
import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";

const MIB = 1024 * 1024;
const EXT = 0xef53;

async function temporaryFile(folder = tmpdir()): Promise<string> {
  const directory = await mkdtemp(join(folder, "lifeboat-disk-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return join(directory, "file");
}

async function writeFile(path: string, pieces: Iterable<Uint8Array>, options: BlockWriterOptions = {}) {
  await using file = await open(path, "w", 0o600);
  await using out = blockWriter(file.fd, options);
  for (const piece of pieces) await out.write(piece);
  const size = await out.end();
  if (options.sparse) await file.truncate(size);
  return size;
}

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Where the page cache can be gone past, and where it cannot. */
const places = ["/dev/shm", tmpdir()];

describe.each(places)("in %s", (place) => {
  test("whatever pieces come, the file holds them one after the other", async () => {
    const source = randomBytes(9 * MIB);
    const path = await temporaryFile(place);
    const lengths = fc.array(fc.oneof(fc.nat(100), fc.nat(3 * MIB), fc.constantFrom(0, MIB, 2 * MIB, 4 * MIB)));
    await fc.assert(
      fc.asyncProperty(lengths, fc.boolean(), async (wanted, sparse) => {
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const length of wanted) {
          pieces.push(source.subarray(at, at + length));
          at = Math.min(at + length, source.length);
        }
        expect(await writeFile(path, pieces, { sparse })).toBe(at);
        expect(digest(await readFile(path))).toBe(digest(source.subarray(0, at)));
      }),
      { numRuns: 20 },
    );
  });

  test("a piece may be filled again as soon as it is taken", async () => {
    const path = await temporaryFile(place);
    const piece = new Uint8Array(700_000);
    const expected = createHash("sha256");
    await using file = await open(path, "w");
    await using out = blockWriter(file.fd);
    for (let n = 0; n < 20; n++) {
      piece.fill(n);
      expected.update(piece);
      await out.write(piece);
      piece.fill(255);
    }
    expect(await out.end()).toBe(14_000_000);
    expect(digest(await readFile(path))).toBe(expected.digest("hex"));
  });

  test("zeros become holes where they are asked for, and only there", async () => {
    const path = await temporaryFile(place);
    const zeros = new Uint8Array(20 * MIB);
    const data = randomBytes(3 * MIB);
    const blocks = async (sparse: boolean) => {
      await writeFile(path, [data, zeros, data.subarray(0, 70_000), zeros], { sparse });
      await using file = await open(path, "r");
      const { size, blocks: used } = await file.stat();
      expect(size).toBe(43 * MIB + 70_000);
      return used * 512;
    };
    expect(await blocks(true)).toBeLessThan(4 * MIB);
    const sparse = digest(await readFile(path));
    expect(await blocks(false)).toBeGreaterThanOrEqual(43 * MIB);
    expect(digest(await readFile(path))).toBe(sparse);
  });
});

test("several writers at once do not get into each other's way", async () => {
  const bodies = Array.from({ length: 6 }, (_, n) => Buffer.alloc(9 * MIB + n, n + 1));
  const paths = await Promise.all(bodies.map(() => temporaryFile()));
  await Promise.all(bodies.map((body, n) => writeFile(paths[n] ?? "", [body])));
  for (const [n, body] of bodies.entries()) expect(digest(await readFile(paths[n] ?? ""))).toBe(digest(body));
});

test("the system's error is told, and the writer can still be disposed of", async () => {
  const path = await temporaryFile();
  await writeFile(path, [new Uint8Array(10)]);
  await using file = await open(path, constants.O_RDONLY); // not for writing
  await using out = blockWriter(file.fd);
  await out.write(new Uint8Array(10));
  await expect(out.end()).rejects.toMatchObject({ code: "EBADF" });
});

test("a writer that was disposed of twice shares its memory with nobody, and takes nothing more", async () => {
  const paths = await Promise.all([temporaryFile(), temporaryFile(), temporaryFile()]);
  const files = await Promise.all(paths.map((path) => open(path, "w")));
  const [first, ...others] = files.map((file) => blockWriter(file.fd));
  await first?.[Symbol.asyncDispose]();
  await first?.[Symbol.asyncDispose]();
  await expect(first?.write(new Uint8Array(1))).rejects.toThrow("disposed");
  await Promise.all([...others].map((out) => out[Symbol.asyncDispose]()));
  const [a, b] = files.slice(1).map((file) => blockWriter(file.fd));
  await a?.write(Buffer.alloc(1000, "a"));
  await b?.write(Buffer.alloc(1000, "b"));
  await Promise.all([a?.end(), b?.end()]);
  for (const out of [a, b]) await out?.[Symbol.asyncDispose]();
  for (const file of files) await file.close();
  expect(await readFile(paths[1] ?? "", "latin1")).toBe("a".repeat(1000));
  expect(await readFile(paths[2] ?? "", "latin1")).toBe("b".repeat(1000));
});

test.each([
  ["no WebAssembly", undefined],
  [
    "no address space left for it",
    {
      Memory: class {
        constructor() {
          throw new RangeError("could not allocate memory");
        }
      },
    },
  ],
])("where there is %s, the same is written through the page cache", async (_why, webAssembly) => {
  vi.stubGlobal("WebAssembly", webAssembly);
  onTestFinished(() => void vi.unstubAllGlobals());
  const bodies = Array.from({ length: 4 }, (_, n) => Buffer.alloc(9 * MIB + n, n + 1)); // more at once than memory is kept for
  const paths = await Promise.all(bodies.map(() => temporaryFile()));
  await Promise.all(bodies.map((body, n) => writeFile(paths[n] ?? "", [body])));
  for (const [n, body] of bodies.entries()) expect(digest(await readFile(paths[n] ?? ""))).toBe(digest(body));
});

test("on ext4 a large file does not fill the page cache", async () => {
  const path = await temporaryFile();
  const { type } = await statfs(path.slice(0, path.lastIndexOf("/")));
  if (type !== EXT) {
    console.warn(`NOT TESTED: ${tmpdir()} is not ext4 (type 0x${type.toString(16)}): writing past the page cache.`);
    return;
  }
  await writeFile(path, [randomBytes(40 * MIB)]);
  const cached = execFileSync("fincore", ["--bytes", "--noheadings", "--output", "RES", path], { encoding: "utf8" });
  expect(Number(cached)).toBeLessThanOrEqual(4 * MIB);
});
