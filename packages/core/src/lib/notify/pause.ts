import type { Clock } from "@lifeboat/contracts";

/** Waits without keeping the process alive. @throws the signal's reason */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const end = () => {
      signal.removeEventListener("abort", abort);
      resolve();
    };
    const wait = clock.after(ms, end);
    const abort = () => {
      wait[Symbol.dispose]();
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
  });
}
