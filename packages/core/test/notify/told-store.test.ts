import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import type { Told } from "../../src/lib/notify/debounce.ts";
import { loadTold, saveTold } from "../../src/lib/notify/told-store.ts";
import type { OpenSite } from "../../src/lib/sites.ts";
import { collect, keys } from "../support.ts";

const TOLD: readonly Told[] = [
  {
    key: '["failing","local","nightly","backup"]',
    type: "failed",
    site: "local",
    plan: "nightly",
    since: 1_700_000_000_000,
    facts: ["NO_SPACE", ""],
    last: 1_700_000_060_000,
    times: 3,
  },
  { key: '["corrupt","local",""]', type: "verify-failed", site: "local", since: 1, facts: [], last: 2, times: 1 },
];

function site(encrypted: boolean, storage = memoryStorage()): OpenSite {
  const secret = encrypted ? { key: new Uint8Array(32).fill(7), suite: 1 as const, keyBlock: new Uint8Array(0) } : null;
  const context = { name: "local", siteId: "0123456789abcdef0123456789abcdef", storage, secret, threads: 0 };
  return { name: "local", context } as unknown as OpenSite;
}

describe.each([true, false])("What people were told, in a site that is encrypted: %s,", (encrypted) => {
  it("is kept for each instance", async () => {
    const place = site(encrypted);
    expect(await loadTold(place, "here", {})).toEqual([]);
    await saveTold(place, "here", TOLD, {});
    await saveTold(place, "there", [], {});
    expect(await loadTold(place, "here", {})).toEqual(TOLD);
    expect(await loadTold(place, "there", {})).toEqual([]);
    const names = await keys(place.context.storage);
    expect(names).toEqual([
      expect.stringMatching(/^notices\/[0-9a-f]{32}\.json$/),
      expect.stringMatching(/^notices\/[0-9a-f]{32}\.json$/),
    ]);
    await saveTold(place, "here", [], {});
    expect(await keys(place.context.storage)).toEqual(names);
  });

  it("counts as nothing where it can't be read", async () => {
    const place = site(encrypted);
    await saveTold(place, "here", TOLD, {});
    const [key = ""] = await keys(place.context.storage);
    await place.context.storage.put(key, Buffer.from("{}"));
    expect(await loadTold(place, "here", {})).toEqual([]);
  });
});

it("What people were told, and whose it is, nobody sees without the key", async () => {
  const place = site(true);
  await saveTold(place, "here", TOLD, {});
  const [key = ""] = await keys(place.context.storage);
  const text = Buffer.concat(await collect(place.context.storage.get(key))).toString();
  for (const secret of ["nightly", "NO_SPACE", "here"]) expect(key + text).not.toContain(secret);
});
