/** After an abort, work that ends by itself is waited for so long: a body is then closed, a file removed. */
const GRACE_MS = 50;

/** The outcome of the work; but an abort ends the wait for it nearly at once, whatever the work is stuck in. */
export async function promptly<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  const { promise: aborted, resolve } = newPromise();
  const onAbort = () => resolve();
  signal.addEventListener("abort", onAbort, { once: true });
  let timer: NodeJS.Timeout | undefined;
  try {
    const ended = work.then(
      () => "ended",
      () => "ended", // `work` itself tells how
    );
    const first = await Promise.race([ended, aborted]);
    if (first === "ended") return await work;
    const grace = new Promise<void>((wake) => {
      timer = setTimeout(wake, GRACE_MS);
    });
    await Promise.race([ended, grace]);
    throw signal.reason;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

function newPromise() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}
