import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { archive } from "../src/index.ts";
import { all, backUp, bytesOf, file, ID, site } from "./support.ts";

/** Two backups of one site, alike in every number, whose parts the storage's owner has put into each other's place. */
async function swapped(sealed: boolean) {
  const context = site({ storage: memoryStorage(), sealed, threads: 0 });
  const name = sealed ? "data.tar.zst.sealed" : "data.tar.zst";
  const newer = await backUp(archive(), context, [file("vote", Buffer.from("ok"))]);
  for (let n = 0; n < 500; n++) {
    const id = `2026-11-20T02-00-00.123Z-manual-${n.toString(16).padStart(4, "0")}`;
    const older = await backUp(archive(), context, [file("vote", Buffer.from("no"))], {}, id);
    if (older.part.storedSize !== newer.part.storedSize) continue;
    const bytes = await bytesOf(context.storage.get(`backups/${id}/${name}`));
    await context.storage.put(`backups/${ID}/${name}`, bytes);
    return newer.repository;
  }
  throw new Error("No two parts are equally long.");
}

describe.each([
  ["with encryption", true],
  ["without encryption", false],
])("A part %s that was put in the place of another backup's", (_, sealed) => {
  it("is found out by verifying its content", async () => {
    const repository = await swapped(sealed);
    const codes: string[] = [];
    await repository.verify(ID, "content", { onProblem: ({ code }) => codes.push(code) });
    expect(codes).not.toHaveLength(0);
  });

  it("is neither listed nor restored", async () => {
    const repository = await swapped(sealed);
    const refused = expect.objectContaining({ code: "INCOMPATIBLE" });
    await expect(all(repository.entries(ID, "data"))).rejects.toThrow(refused);
    await expect(all(repository.read(ID, "data", { select: () => true }))).rejects.toThrow(refused);
  });
});
