import { archive } from "@lifeboat/archive";
import type { Source, SourceEntry } from "@lifeboat/contracts";
import { unencrypted } from "@lifeboat/crypto";
import type { VirtualHost, VirtualSite, VirtualTime } from "@lifeboat/testkit";
import { type BackupEngine, createBackupEngine, type PlanOptions } from "../../src/index.ts";
import { presumeDead } from "../simulation/engine.ts";

/** What runs on a machine. */
export interface MachineOptions {
  readonly site: VirtualSite;
  readonly plan: PlanOptions<"site">;
  readonly timeZone: string;
  /** How far its clock is off, in milliseconds. */
  readonly skewMs: number;
  /** What the source does, besides being read: it takes its time, or fails. */
  readonly source: { readonly takesMs: () => number; readonly isFailing: () => boolean };
}

/** One process of the host, dead or alive. */
export interface Process {
  readonly isAlive: boolean;
  start(): void;
  crash(): void;
  /** It ends as it should. */
  end(): Promise<void>;
  sleep(ms: number): void;
  /** Somebody makes a backup of the plan by hand, if it can be made. */
  backUp(): void;
}

/** A process that is not running yet. */
export function createProcess(time: VirtualTime, name: string, options: MachineOptions): Process {
  let life: {
    readonly host: VirtualHost;
    readonly engine: BackupEngine<"site", string, "nightly">;
    readonly leases: string[];
  } | null = null;

  function begin() {
    const host = time.host(name);
    host.setClock(options.skewMs);
    const leases: string[] = [];
    const storage = host.open(options.site);
    const put: typeof storage.put = (key, ...rest) => {
      if (key.startsWith("locks/")) leases.push(key.slice("locks/".length, -".json".length));
      return storage.put(key, ...rest);
    };
    const engine = createBackupEngine({
      app: { name: "nvr", version: "1.9.0" },
      sources: [sourceOn(host, options.source)],
      sites: { site: { storage: { ...storage, put }, format: archive({ compression: "gzip" }), key: unencrypted() } },
      plans: { nightly: options.plan },
      instance: "nvr-berlin",
      timeZone: options.timeZone,
      clock: host.clock,
      threads: 0,
    });
    engine.start();
    return { host, engine, leases };
  }

  return {
    get isAlive() {
      return life !== null;
    },
    start() {
      life ??= begin();
    },
    crash() {
      if (life === null) return;
      life.host.crash();
      presumeDead(life.leases);
      life = null;
    },
    async end() {
      const ending = life;
      life = null;
      await ending?.engine.close();
      ending?.host.crash(); // it has ended: nothing of it is to happen any more
    },
    sleep: (ms) => life?.host.sleep(ms),
    backUp() {
      void life?.engine.backup({ plan: "nightly" }).then(
        () => undefined,
        () => undefined, // the site is away, say: whoever asked for it is told
      );
    },
  };
}

function sourceOn(host: VirtualHost, { takesMs, isFailing }: MachineOptions["source"]): Source {
  return {
    id: "recordings",
    async *entries({ signal }) {
      yield textEntry("first", new Date(host.clock.now()).toISOString());
      await host.clock.sleep(takesMs(), { signal });
      if (isFailing()) throw new Error("The database is locked.");
      yield textEntry("second", "2");
    },
    async restore(_context, entries) {
      for await (const _entry of entries);
    },
  };
}

function textEntry(path: string, content: string): SourceEntry {
  return {
    path,
    type: "file",
    size: Buffer.byteLength(content),
    mode: 0o644,
    mtimeMs: 1_700_000_000_000,
    async *open() {
      yield Buffer.from(content);
    },
  };
}
