import { SegmentBuffer } from "@lifeboat/frames";
import { padding } from "../tar/header.ts";

/** The tar of a segment while it is made. */
export class TarBuffer extends SegmentBuffer {
  /** Zeros up to tar's next block after content of `size` bytes. */
  pad(size: number): void {
    this.take(padding(size)).fill(0);
  }
}
