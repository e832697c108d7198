import { fstatSync } from "node:fs";
import type { Inherited } from "../filter.ts";
import { closeDirectory, type Directory, openChild, openRoot } from "../fs/directory.ts";
import type { Found } from "./protocol.ts";

/** A directory being walked. */
export interface Frame {
  /** Its path; the root's is empty. */
  readonly path: string;
  readonly name: string;
  readonly dev: number;
  readonly ino: number;
  readonly inherited: Inherited;
  /** Its names, sorted; taken from the front. */
  names: readonly string[];
  next: number;
  /** Itself, while it waits for something beneath it to be wanted. */
  pending: Found | null;
  directory: Directory | null;
}

/** So many directories are held open; those above are closed and opened again on the way back. */
const OPEN = 64;

/** The directories between the root and where the walk is. */
export class Frames {
  readonly #root: string;
  readonly #followLinks: boolean;
  readonly #stack: Frame[] = [];

  constructor(root: string, followLinks: boolean) {
    this.#root = root;
    this.#followLinks = followLinks;
  }

  get top(): Frame | undefined {
    return this.#stack.at(-1);
  }

  push(frame: Frame): void {
    this.#stack.push(frame);
    const old = this.#stack.length > OPEN ? this.#stack[this.#stack.length - OPEN] : undefined;
    if (old?.directory && old.path !== "") {
      closeDirectory(old.directory);
      old.directory = null;
    }
  }

  pop(): void {
    const frame = this.#stack.pop();
    if (frame?.directory) closeDirectory(frame.directory);
  }

  /** Those directories that wait for something beneath them to be wanted, outermost first. */
  takePending(): Found[] {
    const found: Found[] = [];
    for (let i = this.#stack.length - 1; i >= 0; i--) {
      const frame = this.#stack[i];
      if (!frame?.pending) break;
      found.push(frame.pending);
      frame.pending = null;
    }
    return found.reverse();
  }

  /** Whether a directory is one of those that the walk is in: a link that leads around in a circle. */
  contains(dev: number, ino: number): boolean {
    return this.#stack.some((frame) => frame.dev === dev && frame.ino === ino);
  }

  /**
   * The open directory of the top frame; opened again, from the root down, where it
   * was closed.
   *
   * @throws a system error; ESTALE where another directory is in its place now
   */
  directory(frame: Frame): Directory {
    if (frame.directory !== null) return frame.directory;
    let at = openRoot(this.#root);
    try {
      for (const { name, path } of this.#stack) {
        if (path === "") continue;
        const child = openChild(at, name, this.#followLinks);
        closeDirectory(at);
        at = child;
      }
      if (at.fd >= 0) {
        const { dev, ino } = fstatSync(at.fd);
        if (dev !== frame.dev || ino !== frame.ino) {
          throw Object.assign(new Error("ESTALE: another directory took its place"), { code: "ESTALE" });
        }
      }
    } catch (error) {
      closeDirectory(at);
      throw error;
    }
    frame.directory = at;
    return at;
  }

  close(): void {
    while (this.#stack.length > 0) this.pop();
  }
}
