import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const LOOKS = 400;
const BETWEEN_MS = 2;

/**
 * Waits until the other side's system has acknowledged all that was written to a
 * socket, so that nothing is lost to a reset that follows; for about a second at most,
 * since a side that reads no more acknowledges no more. Told by the send queue in
 * `/proc/net/tcp` (proc(5)); where there is none, by waiting alone.
 */
export async function arrived(socket: Socket): Promise<void> {
  const { localPort, remotePort } = socket;
  for (let look = 0; look < LOOKS && !socket.destroyed; look += 1) {
    if (localPort !== undefined && remotePort !== undefined && (await unsent(localPort, remotePort)) === 0) return;
    await pause(BETWEEN_MS);
  }
}

/** How many bytes of a connection over 127.0.0.1 are not acknowledged; `undefined` where that is unknown. */
async function unsent(localPort: number, remotePort: number): Promise<number | undefined> {
  const text = await readFile("/proc/net/tcp", "latin1").catch(() => ""); // not on this system
  const line = new RegExp(`:${hex(localPort)} [0-9A-F]{8}:${hex(remotePort)} [0-9A-F]{2} ([0-9A-F]{8}):`).exec(text);
  return line?.[1] === undefined ? undefined : Number.parseInt(line[1], 16);
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}
