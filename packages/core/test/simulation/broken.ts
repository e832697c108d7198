import type { Storage } from "@lifeboat/contracts";
import type { SimulationSubject } from "@lifeboat/testkit";

/** What of the protocol can be left out, to see that the simulation finds it missing. */
export const OMISSIONS = ["fences", "marks", "leases", "index"] as const;
type Omission = (typeof OMISSIONS)[number];

/** A host's storage with one thing left out: what it should put, or should see, is as if it were not. */
function without(storage: Storage, omission: Omission): Storage {
  switch (omission) {
    case "fences": // nobody is fenced before others go on without him
      return {
        ...storage,
        put: async (key, body, options) =>
          key.startsWith("fenced/") ? { key, size: 0, modified: new Date(0) } : storage.put(key, body, options),
      };
    case "marks": // nobody keeps off what others have condemned
      return {
        ...storage,
        list: (prefix, options) => storage.list(prefix === "condemned/" ? "nothing/" : prefix, options),
      };
    case "leases": // a prune does not wait for anybody
      return {
        ...storage,
        list: (prefix, options) => storage.list(prefix === "locks/" ? "nothing/" : prefix, options),
      };
    case "index": // packs are not told of before they are needed
      return {
        ...storage,
        put: async (key, body, options) =>
          key.startsWith("index/") ? { key, size: 0, modified: new Date(0) } : storage.put(key, body, options),
      };
  }
}

/** The same subject, one thing left out. */
export function broken(subject: SimulationSubject, omission: Omission): SimulationSubject {
  return {
    ...subject,
    name: `${subject.name} without ${omission}`,
    open: (host) => subject.open({ ...host, storage: without(host.storage, omission) }),
  };
}
