import { isSameThread, processIdentity, processIsGone } from "@lifeboat/threads";
import type { Lease } from "./leases.ts";

const HELD = Symbol.for("lifeboat.held-leases");

/**
 * The leases that this thread holds, all engines and all copies of this package
 * together, and how often: who claims one that another run holds has it noted too,
 * until the claim has failed. One that says it is ours and is not here was left behind.
 */
function held(): Map<string, number> {
  const found: unknown = Reflect.get(globalThis, HELD);
  if (found instanceof Map) return found;
  const created = new Map<string, number>();
  Reflect.set(globalThis, HELD, created);
  return created;
}

/** Notes that a lease is held. Disposing, once or more often, notes that it is not any more. */
export function noteHeld(siteId: string, id: string): Disposable {
  const name = `${siteId}/${id}`;
  let noted = true;
  held().set(name, (held().get(name) ?? 0) + 1);
  return {
    [Symbol.dispose]() {
      if (!noted) return;
      noted = false;
      const left = (held().get(name) ?? 0) - 1;
      if (left > 0) held().set(name, left);
      else held().delete(name);
    },
  };
}

/** Whether a lease's holder is proven gone. */
export function holderIsGone(siteId: string, { id, holder }: Lease): boolean {
  const here = processIdentity();
  // Without the start of the machine, two machines' processes can look alike.
  if (here.boot !== null && isSameThread(holder, here)) return !held().has(`${siteId}/${id}`);
  return processIsGone(holder, here);
}
