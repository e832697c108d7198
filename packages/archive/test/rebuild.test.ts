import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { archive } from "../src/index.ts";
import { all, backUp, bytesOf, file, ID, site } from "./support.ts";

const refused = expect.objectContaining({ code: "INCOMPATIBLE" });

describe("Making a lost manifest anew", () => {
  it("never vouches for a part that the site's key did not seal", async () => {
    const storage = memoryStorage();
    const forged = { ...site({ storage, sealed: false, threads: 0 }) };
    await backUp(archive(), forged, [file("evil", Buffer.from("planted"))]);
    await storage.delete([`backups/${ID}/manifest.json`]);
    const repository = archive().open(site({ storage, threads: 0 }));
    await expect(repository.rebuild(ID)).rejects.toThrow(refused);
    expect((await all(repository.list())).map(({ complete }) => complete)).toEqual([false]);
  });

  it("refuses a part that was copied under another source's name", async () => {
    const context = site({ threads: 0 });
    const { repository } = await backUp(archive(), context, [file("a", Buffer.from("1"))]);
    const bytes = await bytesOf(context.storage.get(`backups/${ID}/data.tar.zst.sealed`));
    await context.storage.put(`backups/${ID}/other.tar.zst.sealed`, bytes);
    await context.storage.delete([`backups/${ID}/manifest.json`]);
    await expect(repository.rebuild(ID)).rejects.toThrow(refused);
    await context.storage.delete([`backups/${ID}/other.tar.zst.sealed`]);
    await expect(repository.rebuild(ID)).resolves.toMatchObject({ id: ID, parts: [{ source: "data" }] });
  });
});
