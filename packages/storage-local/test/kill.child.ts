// Puts, creates and copies objects as fast as it can until it is killed. Each
// object ends with the SHA-256 of what is before.
import { createHash, randomBytes } from "node:crypto";
import { localStorage } from "@lifeboat/storage-local";

const storage = localStorage({ path: process.argv[2] ?? "" });

async function* body(): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for (let pieces = Math.floor(Math.random() * 12); pieces > 0; pieces -= 1) {
    const piece = randomBytes(1 + Math.floor(Math.random() * 200_000));
    hash.update(piece);
    yield piece;
  }
  yield hash.digest();
}

async function work(lane: number): Promise<void> {
  for (let round = 0; ; round += 1) {
    await storage.put(`lane${lane}/same`, body());
    await storage.put(`lane${lane}/${process.pid}/${round}`, body(), { ifAbsent: true });
    await storage.copy?.(`lane${lane}/same`, `copies/${lane}`);
    if (round % 3 === 2) await storage.delete([`lane${lane}/${process.pid}/${round}`]);
    process.stdout.write(".");
  }
}

await Promise.all([work(1), work(2), work(3)]);
