export { isSameThread, type ProcessIdentity, processIdentity, processIsGone } from "./lib/process-identity.ts";
export { releaseBytes } from "./lib/release.ts";
export { serveTasks } from "./lib/serve.ts";
export { createThreads, type RunOptions, type Threads, type ThreadsOptions, tasksInFlight } from "./lib/threads.ts";
export { type Handler, Transfer } from "./lib/transfer.ts";
