import { archive } from "@lifeboat/archive";
import type { Clock, Source, SourceEntry } from "@lifeboat/contracts";
import { unencrypted } from "@lifeboat/crypto";
import { memoryStorage } from "@lifeboat/storage-memory";
import { type VirtualHost, type VirtualSite, type VirtualTime, virtualTime } from "@lifeboat/testkit";
import {
  type BackupEngine,
  createBackupEngine,
  type EngineOptions,
  type PlanOptions,
  type RunRecord,
} from "../../src/index.ts";
import { presumeDead } from "../simulation/engine.ts";
import { APP, textEntry } from "../support.ts";

export const MIN = 60_000;
export const HOUR = 60 * MIN;
export const DAY = 24 * HOUR;

const format = archive({ compression: "gzip" });
let warm: Promise<unknown> | undefined;

/** Loads what is loaded when first it is needed: in virtual time nothing waits for that. */
async function warmUp(): Promise<void> {
  const site = { storage: memoryStorage(), format, key: unencrypted() };
  await using engine = createBackupEngine({ app: APP, sources: [source().source], sites: { site }, threads: 0 });
  const { id } = await engine.backup({ site: "site" });
  await engine.verify({ site: "site", id });
  await engine.verify({ site: "site", id, level: "restore" });
}

/** Begins a time of its own, on 10 January 2026 at noon, UTC. */
export async function beginTime(beginning = "2026-01-10T12:00Z", seed = 1): Promise<VirtualTime> {
  warm ??= warmUp();
  await warm;
  return virtualTime({ seed, beginning: new Date(beginning) });
}

/** A source that does as it is told. */
export function source(id = "settings") {
  const how: { fail?: unknown; takesMs: number; read: number; clock?: Clock; die?: () => void } = {
    takesMs: 0,
    read: 0,
  };
  const source: Source = {
    id,
    async *entries({ signal }): AsyncGenerator<SourceEntry> {
      how.read += 1;
      yield textEntry("first", String(how.read));
      how.die?.();
      if (how.takesMs > 0) await how.clock?.sleep(how.takesMs, { signal });
      if (how.fail !== undefined) throw how.fail;
      yield textEntry("second", String(how.read));
    },
    async restore(_context, entries) {
      for await (const _entry of entries);
    },
  };
  return { source, how };
}

export interface LifeOptions {
  readonly plans: Readonly<Record<string, PlanOptions<"local" | "offsite">>>;
  readonly local?: VirtualSite;
  readonly offsite?: VirtualSite;
  readonly name?: string;
  readonly instance?: string;
  /** What else the engine is made with. */
  readonly more?: Pick<EngineOptions, "notify" | "onEvent">;
}

/** One life of a host, from its start: its process, and the engine in it. */
export interface Life {
  readonly host: VirtualHost;
  readonly engine: BackupEngine<"local" | "offsite">;
  readonly how: ReturnType<typeof source>["how"];
  /** It dies, and others on the same machine notice. */
  readonly die: () => void;
}

export function live(time: VirtualTime, options: LifeOptions): Life {
  const { plans, more, name = "a", instance = "nvr-berlin", local = time.site(), offsite = time.site() } = options;
  const host = time.host(name);
  const { source: settings, how } = source();
  how.clock = host.clock;
  const leases: string[] = [];
  const open = (site: VirtualSite) => {
    const storage = host.open(site);
    const put: typeof storage.put = (key, ...rest) => {
      if (key.startsWith("locks/")) leases.push(key.slice("locks/".length, -".json".length));
      return storage.put(key, ...rest);
    };
    return { storage: { ...storage, put }, format, key: unencrypted() };
  };
  const engine = createBackupEngine({
    app: APP,
    sources: [settings],
    sites: { local: open(local), offsite: open(offsite) },
    plans,
    instance,
    timeZone: "Europe/Berlin",
    clock: host.clock,
    threads: 0,
    ...more,
  });
  return {
    host,
    engine,
    how,
    die() {
      host.crash();
      presumeDead(leases);
    },
  };
}

/** The backups of a site as `due` → when it began, oldest first; those made by hand by their trigger. */
export async function backupsOf(time: VirtualTime, local: VirtualSite): Promise<readonly string[]> {
  const reader = live(time, { plans: {}, local, name: "reader" });
  const all = settled(time, reader.engine.backups.list({ site: "local" }));
  return (await all)
    .map((backup) => {
      if (backup.status === "damaged") return "damaged";
      const due = backup.run?.due;
      return `${due === undefined ? backup.trigger : `${backup.run?.plan} ${show(due)}`} at ${show(backup.time)}`;
    })
    .reverse();
}

/** What is awaited, while time goes by for as long as it takes. */
export async function settled<T>(time: VirtualTime, promise: PromiseLike<T>): Promise<T> {
  let done = false;
  const end = promise.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  while (!done) await time.until(time.now + 100);
  await end;
  return promise;
}

/** `01-11 01:00`, in UTC. */
export function show(date: Date): string {
  return date.toISOString().slice(5, 16).replace("T", " ");
}

/** Every run record that lies in a site without encryption, oldest first. */
export function recordsIn(
  site: VirtualSite,
): readonly (Pick<RunRecord, "outcome" | "code" | "message" | "plan" | "level"> & { readonly due?: string })[] {
  return [...site.objects]
    .filter(([key]) => key.startsWith("runs/"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { bytes }]) => JSON.parse(Buffer.from(bytes).toString()).details);
}
