import { createHash, randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { posix } from "node:path";
import { type Abilities, probeAbilities, probeReopening } from "./abilities.ts";
import type { Connection } from "./connection.ts";
import { explainWriting, type Subject } from "./errors.ts";
import { makeFolders, makeRoot } from "./folders.ts";
import type { Line } from "./line.ts";
import { isRefusal, STATUS } from "./lost.ts";
import type { Settings } from "./options.ts";
import { temporaryFolder } from "./place.ts";
import { OPEN, openFile, removeFile } from "./requests.ts";
import { sweepFolder } from "./sweep.ts";
import type { Target } from "./upload.ts";

/** The storage's directory on the server, its folder for what is unfinished, and what the server was seen to do there. */
export class Ground {
  readonly #settings: Settings;
  readonly #line: Line;
  readonly #told: (abilities: Abilities) => void;
  /** Work that nobody waits for: removing what was left by a put that failed. */
  readonly #chores = new Set<Promise<unknown>>();
  #ready: Promise<void> | null = null;
  #abilities: Promise<Abilities> | null = null;
  #reopening: Promise<boolean> | null = null;
  #swept = false;

  constructor(settings: Settings, line: Line, told: (abilities: Abilities) => void) {
    this.#settings = settings;
    this.#line = line;
    this.#told = told;
  }

  /** What the server can do: found out once, by trying, in the folder for what is unfinished. */
  async abilities(): Promise<Abilities> {
    this.#abilities ??= this.#probe().catch((error: unknown) => {
      this.#abilities = null; // the next put tries again
      throw error;
    });
    return await this.#abilities;
  }

  /** Whether one file may be written through several connections; found out when a put is large enough to ask. */
  async reopens(): Promise<boolean> {
    this.#reopening ??= this.#line
      .run((on) => probeReopening(on, temporaryFolder(this.#settings.root)))
      .catch((error: unknown) => {
        this.#reopening = null;
        throw error;
      });
    return await this.#reopening;
  }

  /** A path that nobody else uses, in a folder that is there. */
  async reserve(on: Connection, operation: string): Promise<string> {
    this.#ready ??= this.#prepare(on, operation).catch((error: unknown) => {
      this.#ready = null;
      throw error;
    });
    await this.#ready;
    return posix.join(temporaryFolder(this.#settings.root), temporaryName());
  }

  /** Makes a file for its owner only, open for writing. */
  async open(on: Connection, subject: Subject): Promise<Target> {
    for (let tries = 1; ; tries += 1) {
      const path = await this.reserve(on, subject.operation);
      try {
        const handle = await openFile(on, path, OPEN.write | OPEN.create | OPEN.exclusive);
        return { path, on, handle };
      } catch (error) {
        if (tries > 1 || !isRefusal(error, STATUS.missing)) {
          throw await explainWriting(error, on, this.#settings.root, 0, subject);
        }
        this.#ready = null; // somebody has removed the folder
      }
    }
  }

  /** Removes a file that is of no use any more, in the background. What it cannot remove, a sweep does. */
  discard(path: string): Promise<void> {
    const work = (async () => {
      try {
        await removeFile(await this.#line.any(), path);
      } catch {
        // The put's own failure is what its caller needs to know, and a sweep removes the file after a day.
      }
    })();
    return this.#chore(work);
  }

  /** Removes what other processes left unfinished long ago; once, in the background. */
  sweepOnce(now: Date): void {
    if (this.#swept) return;
    this.#swept = true;
    const sweeping = this.#line.run((on) => sweepFolder(on, temporaryFolder(this.#settings.root), now));
    void this.#chore(
      sweeping.then(
        () => undefined,
        () => undefined, // leftovers only take up room: no reason to fail a backup
      ),
    );
  }

  /** Waits for what is done in the background, but not for long. */
  async settled(limitMs: number): Promise<void> {
    const timer = new Promise<void>((resolve) => setTimeout(resolve, limitMs).unref());
    await Promise.race([Promise.allSettled(this.#chores), timer]);
  }

  async #probe(): Promise<Abilities> {
    const abilities = await this.#line.run(async (on) => {
      await this.reserve(on, "storage.put");
      return await probeAbilities(on, temporaryFolder(this.#settings.root));
    });
    this.#told(abilities);
    return abilities;
  }

  async #prepare(on: Connection, operation: string): Promise<void> {
    const { root, name, username } = this.#settings;
    try {
      await makeRoot(on, root, operation);
      await makeFolders(on, [temporaryFolder(root)], operation);
    } catch (error) {
      throw await explainWriting(error, on, posix.dirname(root), 0, { operation, key: root, storage: name, username });
    }
  }

  async #chore(work: Promise<void>): Promise<void> {
    this.#chores.add(work);
    await work.finally(() => this.#chores.delete(work));
  }
}

/** A name that no other put has, on any machine: where it was made, by which process, and chance. */
function temporaryName(): string {
  const machine = createHash("sha256").update(hostname()).digest("hex").slice(0, 12);
  return `${machine}-${process.pid}-${randomBytes(8).toString("hex")}`;
}
