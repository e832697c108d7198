import { messageOf } from "../errors.ts";
import type { Emit } from "../events/emitter.ts";
import { withoutSecrets } from "../events/redact.ts";
import { within } from "../plans/within.ts";
import type { RunContext } from "../run-context.ts";
import type { OpenSite } from "../sites.ts";
import type { Notices } from "./notifier.ts";
import { loadTold, saveTold } from "./told-store.ts";

const LIMIT_MS = 10_000;

/** Keeps in the sites what somebody was told of. Where that does not go, it is told of once, and costs repeats after a restart. */
export function siteNotices({ sites, clock, instance }: RunContext, emit: Emit): Notices {
  const warned = new Set<string>();

  async function tryIt<T>(name: string, work: (site: OpenSite, signal: AbortSignal) => Promise<T>): Promise<T | null> {
    try {
      return await within(clock, LIMIT_MS, {}, async (signal) => {
        const site = await sites.find(name, { signal });
        const done = site === null ? null : await work(site, signal);
        warned.delete(name);
        return done;
      });
    } catch (error) {
      if (!warned.has(name)) {
        const message = `What was told of the site "${name}" can't be kept in it: ${withoutSecrets(messageOf(error))}`;
        emit({ type: "warning", code: "notices-not-kept", site: name, message });
      }
      warned.add(name);
      return null;
    }
  }

  return {
    load: (name) => tryIt(name, (site, signal) => loadTold(site, instance, { signal })),
    async save(name, told) {
      const saved = await tryIt(name, async (site, signal) => {
        await saveTold(site, instance, told, { signal });
        return true;
      });
      return saved === true;
    },
  };
}
