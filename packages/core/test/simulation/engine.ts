import type { Format } from "@lifeboat/contracts";
import { unencrypted } from "@lifeboat/crypto";
import type { SimulatedEngine, SimulatedHost } from "@lifeboat/testkit";
import { createBackupEngine } from "../../src/index.ts";

/** A simulated host's engine: the real one, on the calling thread. */
export function engineOf({ storage, clock, source }: SimulatedHost, format: Format): SimulatedEngine {
  const engine = createBackupEngine({
    app: { name: "simulated", version: "1" },
    sources: [source],
    sites: { site: { storage, format, key: unencrypted() } },
    threads: 0,
    clock,
  });
  const site = "site";
  return {
    async backup() {
      return (await engine.backup({ site })).id;
    },
    async list() {
      const all = await engine.backups.list({ site });
      return all.filter(({ status }) => status !== "damaged").map(({ id }) => id);
    },
    delete: (id) => engine.backups.delete({ site, id }),
    async verify(id) {
      const { problems } = await engine.verify({ site, id });
      return problems.map(({ message }) => message);
    },
    async prune(choice) {
      const maxUnused = [0, 0.05, 0, 0.3][choice % 4];
      const waitMs = [600_000, 60_000, 1][choice % 3];
      await engine.prune({ site, maxUnused, waitMs });
    },
    async restore(id) {
      // Whoever made the backup, this host's source takes it back.
      const { parts } = await engine.backups.get({ site, id });
      const [part] = parts;
      if (part === undefined) return;
      const taker = part.source === source.id ? () => undefined : engine.register({ ...source, id: part.source });
      try {
        const plan = await engine.planRestore({ site, id });
        await engine.restore(plan, { confirm: plan.token });
      } finally {
        taker();
      }
    },
  };
}

const HELD = Symbol.for("lifeboat.held-leases");

/** Makes leases look like those of a process that is gone: all of a simulation run in one, which still knows of them. */
export function presumeDead(ids: readonly string[]): void {
  const held: unknown = Reflect.get(globalThis, HELD);
  if (!(held instanceof Map)) return;
  for (const name of held.keys()) if (ids.some((id) => String(name).endsWith(`/${id}`))) held.delete(name);
}
