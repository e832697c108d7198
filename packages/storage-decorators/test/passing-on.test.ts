import type { Storage } from "@lifeboat/contracts";
import { appendOnly, readOnly, withConcurrency, withPrefix, withRetry } from "@lifeboat/storage-decorators";
import { memoryStorage } from "@lifeboat/storage-memory";
import { expect, test, vi } from "vitest";

/** A storage that learns what it can do when it is connected, as those on servers do. */
function learning() {
  const inner = memoryStorage();
  const copy = inner.copy?.bind(inner);
  const storage: Storage = { ...inner };
  delete storage.copy;
  const sweep = vi.fn(async () => 3);
  storage.sweep = sweep;
  storage.connect = async () => {
    if (copy !== undefined) storage.copy = copy;
  };
  return { storage, sweep };
}

const decorators = {
  withRetry: (inner: Storage) => withRetry(inner),
  withPrefix: (inner: Storage) => withPrefix(inner, "hosts/a/"),
  withConcurrency: (inner: Storage) => withConcurrency(inner, { uploads: 2 }),
  appendOnly: (inner: Storage) => appendOnly(inner),
};

test.each(Object.entries(decorators))(
  "%s passes connect and sweep on, and what is learnt by them",
  async (_, decorate) => {
    const { storage, sweep } = learning();
    const decorated = decorate(storage);
    expect(decorated.copy === undefined).toBe(true);
    await decorated.connect?.();
    await decorated.put("a", Buffer.from("bytes"));
    await decorated.copy?.("a", "b");
    expect(await decorated.stat("b")).toMatchObject({ size: 5 });
    expect(await decorated.sweep?.({ olderThan: 1000 })).toBe(3);
    expect(sweep).toHaveBeenCalledWith({ olderThan: 1000 });
  },
);

test("what is only read is not swept", () => {
  expect(readOnly(learning().storage).sweep === undefined).toBe(true);
});

test("where there is nothing to connect to, nothing is made up", () => {
  expect(withRetry(memoryStorage()).connect === undefined).toBe(true);
});
