import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContentIdentity, Repository } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { afterAll, describe, expect, it } from "vitest";
import { dedup } from "../src/index.ts";
import { exampleBody } from "./support.ts";

const ID = "2026-11-20T02-00-00.123Z-manual-7f3a";
const folder = mkdtempSync(join(tmpdir(), "lifeboat-identity-"));
afterAll(() => rmSync(folder, { recursive: true }));
// with chunks so small, the body has references upon references
const format = dedup({ chunks: { min: 64, average: 4096, max: 4096 } });
const BODY = exampleBody(700_000);

function open(threads = 0, siteId = "site-1", storage = memoryStorage()): Repository {
  const settings = format.settings?.();
  return format.open({
    name: "test",
    siteId,
    storage,
    secret: null,
    threads,
    ...(settings === undefined ? {} : { settings }),
  });
}

/** Backs up some files, and answers their identities. */
async function identities(repository: Repository, files: Readonly<Record<string, Uint8Array>>) {
  const started = new Date(0);
  const app = { name: "test", version: "1" };
  const writer = await repository.begin({ id: ID, trigger: "manual", started, app, sources: ["data"] });
  async function* entries() {
    for (const [path, bytes] of Object.entries(files)) {
      yield { path, type: "file" as const, mode: 0o644, mtimeMs: 0, size: bytes.length, open: () => once(bytes) };
    }
  }
  const part = await writer.part({ source: "data", description: {} }, entries());
  const facts = { id: ID, siteId: "site-1", format: "dedup", trigger: "manual", app, problems: [] } as const;
  await writer.commit({ ...facts, started, finished: started, parts: [part] });
  const found: Record<string, ContentIdentity> = {};
  for await (const { path, content } of repository.entries(ID, "data"))
    if (content !== undefined) found[path] = content;
  return found;
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}

const changed = (at: number) => BODY.map((byte, n) => (n === at ? byte ^ 1 : byte));
const FILES = { one: BODY, same: BODY, other: changed(5), small: BODY.subarray(0, 9), empty: new Uint8Array() };

describe("What a list tells of content", () => {
  it("is the same for the same content in one site, and for nothing else", async () => {
    const { one, same, other, small, empty } = await identities(open(), FILES);
    expect([one?.equals(same!), one?.equals(other!), small?.equals(one!), empty?.equals(empty)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it("says nothing of another site's", async () => {
    const [here, there] = [await identities(open(), FILES), await identities(open(), FILES)];
    expect(here.one?.equals(there.one!)).toBeNull();
    expect(here.one?.equals({ equals: () => true, matches: async () => true })).toBeNull();
  });

  it.each([0, 1])("is compared with a file of this machine, in %i threads", async (threads) => {
    await using repository = open(threads);
    const { one, small, empty } = await identities(repository, FILES);
    const file = (bytes: Uint8Array) => {
      const path = join(folder, "file");
      writeFileSync(path, bytes);
      return path;
    };
    expect(await one?.matchesFile?.(file(BODY))).toBe(true);
    expect(await one?.matchesFile?.(file(changed(699_999)))).toBe(false);
    expect(await one?.matchesFile?.(file(BODY.subarray(1)))).toBe(false);
    expect(await one?.matchesFile?.(file(Buffer.concat([BODY, BODY])))).toBe(false);
    expect(await small?.matchesFile?.(file(BODY.subarray(0, 9)))).toBe(true);
    expect(await empty?.matchesFile?.(file(new Uint8Array()))).toBe(true);
    expect(await empty?.matchesFile?.(file(BODY))).toBe(false);
    expect(await one?.matchesFile?.(join(folder, "missing"))).toBe(false);
    expect(await one?.matchesFile?.(folder)).toBe(false);
    file(BODY);
    symlinkSync(join(folder, "file"), join(folder, `link ${threads}`));
    expect(await one?.matchesFile?.(join(folder, `link ${threads}`))).toBe(false);
  });
});
