import { expect, it } from "vitest";
import { releaseBytes } from "../src/index.ts";

it("gives large bytes back at once, without a turn of the event loop, and leaves alone what others share", () => {
  const whole = new Uint8Array(1 << 20);
  releaseBytes(whole);
  expect(whole.length).toBe(0);
  const buffer = new ArrayBuffer(1 << 20);
  const half = new Uint8Array(buffer, 0, 1 << 19);
  const small = new Uint8Array(1000);
  releaseBytes(half);
  releaseBytes(small);
  expect(half.length).toBe(1 << 19);
  expect(small.length).toBe(1000);

  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let n = 0; n < 200; n++) {
    releaseBytes(new Uint8Array(4 << 20).fill(1));
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  expect(most).toBeLessThan(16 << 20);
});
