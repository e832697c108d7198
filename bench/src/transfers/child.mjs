// One transfer of Lifeboat's storages in a process of its own: a local file up, or an
// object down into a local file. Where to comes in the environment, as for every tool.
import { open } from "node:fs/promises";

const { KIND, KEY, FILE, OPTIONS } = process.env;
const options = JSON.parse(OPTIONS);
const storage = await openStorage();
const PIECE = 1024 * 1024;

/** Imports only the storage that is used, as a host does. */
async function openStorage() {
  if (KIND === "s3") return (await import("@lifeboat/storage-s3")).s3Storage(options);
  return (await import("@lifeboat/storage-sftp")).sftpStorage(options);
}

async function* pieces(file) {
  const bytes = Buffer.allocUnsafe(PIECE);
  for (;;) {
    const { bytesRead } = await file.read(bytes, 0, PIECE);
    if (bytesRead === 0) return;
    yield bytes.subarray(0, bytesRead);
  }
}

/** Gathers the pieces into larger writes, one of them under way: as a restore does. */
async function down(file) {
  let [filling, writing] = [Buffer.allocUnsafe(PIECE), Buffer.allocUnsafe(PIECE)];
  let filled = 0;
  let written = Promise.resolve();
  const flush = async () => {
    await written;
    written = file.write(filling, 0, filled);
    [filling, writing] = [writing, filling];
    filled = 0;
  };
  for await (const piece of storage.get(KEY, { reuse: true })) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + PIECE - filled);
      filling.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === PIECE) await flush();
    }
  }
  await flush();
  await written;
}

async function run(direction) {
  const file = await open(FILE, direction === "up" ? "r" : "w");
  try {
    await (direction === "up" ? storage.put(KEY, pieces(file)) : down(file));
  } finally {
    await file.close();
  }
}

run(process.argv[2])
  .then(() => storage[Symbol.asyncDispose]())
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
