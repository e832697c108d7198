import type { Lease } from "./leases.ts";
import { isSameThread, processIdentity, processIsGone } from "./process-identity.ts";

const HELD = Symbol.for("lifeboat.held-leases");

/**
 * The leases that this thread holds, all engines and all copies of this package
 * together: one that says it is ours and is not among them was left behind.
 */
function held(): Set<string> {
  const found: unknown = Reflect.get(globalThis, HELD);
  if (found instanceof Set) return found;
  const created = new Set<string>();
  Reflect.set(globalThis, HELD, created);
  return created;
}

/** Notes that a lease is held. Disposing notes that it is not any more. */
export function noteHeld(siteId: string, id: string): Disposable {
  const name = `${siteId}/${id}`;
  held().add(name);
  return {
    [Symbol.dispose]() {
      held().delete(name);
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
