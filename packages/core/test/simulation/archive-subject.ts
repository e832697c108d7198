import { archive } from "@lifeboat/archive";
import { type Source, systemClock } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import type { HeldObject, Inspector, SimulationSubject } from "@lifeboat/testkit";
import { fencedBy, manifestOf, type SeenManifest, seeManifest } from "./documents.ts";
import { engineOf, presumeDead } from "./engine.ts";
import { untar } from "./untar.ts";

const PLACES = ["manifest.json", ".tar.gz", "locks/", "backups/", "fenced/"];
const KEPT = ["lifeboat.json", "lifeboat.copy.json"];

let prepared: Promise<void> | undefined;

/** Loads what is loaded when first it is needed: a backup is made, and restored. */
async function warmUp(): Promise<void> {
  const source: Source = {
    id: "files",
    mayBeEmpty: true,
    async *entries() {},
    async restore(_context, entries) {
      for await (const _entry of entries);
    },
  };
  const host = { name: "w", storage: memoryStorage(), clock: systemClock, source };
  const engine = engineOf(host, archive({ compression: "gzip" }));
  await engine.restore(await engine.backup());
}

/** The engine with the archive format. */
export const archiveSubject: SimulationSubject = {
  name: "archive",
  climate: { places: PLACES },
  prepare: () => {
    prepared ??= warmUp();
    return prepared;
  },
  open: (host) => engineOf(host, archive({ compression: "gzip" })),
  inspect,
  presumeDead,
};

function inspect(objects: ReadonlyMap<string, HeldObject>): Inspector {
  const manifests = new Map<string, SeenManifest>();
  const fenced = new Map<string, readonly string[]>();
  return {
    manifestOf,
    changed(key, bytes) {
      const id = manifestOf(key);
      if (id !== null && bytes !== null) manifests.set(id, seeManifest(bytes));
      if (!key.startsWith("fenced/")) return;
      if (bytes === null) fenced.delete(key);
      else fenced.set(key, fencedBy(key, bytes));
    },
    runOf: (id) => manifests.get(id)?.run ?? null,
    isFenced: (id) => Array.from(fenced.values()).some((ids) => ids.includes(id)),
    missing(id) {
      const wanted = manifests.get(id)?.parts.flatMap((part) => part.objects) ?? [];
      return wanted
        .filter(({ name, size }) => objects.get(`backups/${id}/${name}`)?.bytes.length !== size)
        .map(({ name }) => name);
    },
    filesOf(id) {
      const [part] = manifests.get(id)?.parts ?? [];
      const object = objects.get(`backups/${id}/${part?.objects[0]?.name}`);
      return object === undefined ? null : untar(object.bytes);
    },
    garbage() {
      return Array.from(objects.keys()).filter((key) => {
        if (KEPT.includes(key) || key.startsWith("fenced/")) return false;
        const id = key.split("/")[1] ?? "";
        if (!key.startsWith("backups/")) return true;
        // A folder with neither lease nor manifest is left alone, and warned about: here it got parts too late.
        const isRemains = objects.get(key)?.late === true || this.isFenced(id);
        return !objects.has(`backups/${id}/manifest.json`) && !isRemains;
      });
    },
  };
}
