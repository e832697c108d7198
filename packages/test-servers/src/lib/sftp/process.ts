import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer, createConnection as tcp } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const START_MS = 10_000;
const STOP_MS = 2000;

/**
 * The path of a program.
 *
 * @throws with the command that installs it, where it is not there
 */
export function programPath(name: string, aptPackage: string): string {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/bin"];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(`These tests need ${name}: apt-get install --no-install-recommends ${aptPackage}`);
}

/** A TCP port of the loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("Expected a TCP port.");
  return address.port;
}

/** A new directory: in memory where the machine has a disk there, since tests flush a lot. */
export async function temporaryHome(name: string): Promise<string> {
  const memory = "/dev/shm";
  return await mkdtemp(join(isWritable(memory) ? memory : tmpdir(), `lifeboat-${name}-`));
}

/** Makes a key pair without a passphrase, or with one. */
export function makeKey(file: string, type: string, passphrase = ""): void {
  const program = programPath("ssh-keygen", "openssh-client");
  execFileSync(program, ["-q", "-t", type, "-N", passphrase, "-C", "test", "-f", file], { stdio: "ignore" });
}

/** A server that was started, and is killed with this process at the latest. */
export interface Running {
  /** What it wrote so far. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts a server and waits until it listens. */
export async function startProgram(program: string, args: readonly string[], port: number): Promise<Running> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (text += String(piece)));
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  const running: Running = {
    log: () => text,
    async stop() {
      process.removeListener("exit", kill);
      await stopped(child);
    },
  };
  const until = Date.now() + START_MS;
  while (!(await listens(port))) {
    if (child.exitCode !== null || Date.now() > until) {
      await running.stop();
      throw new Error(`${program} did not start:\n${text}`);
    }
    await pause(10);
  }
  return running;
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(timer);
}

async function listens(port: number): Promise<boolean> {
  const socket = tcp({ port, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false; // not yet
  } finally {
    socket.destroy();
  }
}

function isWritable(path: string): boolean {
  return allows(path, constants.W_OK);
}

function isExecutable(path: string): boolean {
  return allows(path, constants.X_OK);
}

function allows(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
