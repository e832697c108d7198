import { assemble, type Func, op } from "./emitter.ts";

// The table lies at address 0; `from` and `to` are addresses. A local is named by its number.
const [FROM, TO, MASK, OUT, OUT_END] = [0, 1, 2, 3, 4];
const DROP = [0x1a];
/** So many bytes a turn of the loop. */
const UNROLL = 16;

/** What a function does at a hit. */
type OnHit = (offset: number) => readonly number[];

interface Locals {
  readonly hash: number;
  /** Address of the next byte: one less than the end that is looked at. */
  readonly at: number;
  /** A table number. */
  readonly gear: number;
}

/** The table's number for the byte at `at` + offset. */
function gearOf({ at }: Locals, offset: number): number[] {
  return [...op.get(at), ...op.load8(offset), ...op.const(2), ...op.shl, ...op.load(0)];
}

/** hash = (hash << 1) + gear, and leaves it on the stack. */
function step(locals: Locals, offset: number): number[] {
  const { hash } = locals;
  return [...op.get(hash), ...op.const(1), ...op.shl, ...gearOf(locals, offset), ...op.add, ...op.tee(hash)];
}

function test(offset: number, onHit: OnHit): number[] {
  return [...op.get(MASK), ...op.and, ...op.eqz, ...op.if(onHit(offset))];
}

/**
 * Two bytes at a time: hash = (hash << 2) + ((gear0 << 1) + gear1), so that the second step does not wait for the
 * first. That is what the loop's speed hangs on.
 */
function pair(locals: Locals, offset: number, onHit: OnHit): number[] {
  const { hash, gear } = locals;
  return [
    [...gearOf(locals, offset), ...op.set(gear)],
    [...op.get(hash), ...op.const(1), ...op.shl, ...op.get(gear), ...op.add],
    test(offset, onHit),
    [...op.get(hash), ...op.const(2), ...op.shl],
    [...op.get(gear), ...op.const(1), ...op.shl, ...gearOf(locals, offset + 1), ...op.add],
    [...op.add, ...op.tee(hash)],
    test(offset + 1, onHit),
  ].flat();
}

/** Runs over the 31 bytes before the window's last one; turns `to` into the address of the last byte looked at + 1. */
function prime(locals: Locals): number[] {
  const { at } = locals;
  const done = [...op.get(at), ...op.get(FROM), ...op.const(1), ...op.sub, ...op.geS, ...op.brIf(1)];
  return [
    [...op.get(FROM), ...op.const(32), ...op.sub, ...op.set(at)],
    op.block(op.loop([...done, ...step(locals, 0), ...DROP, ...advance(locals, 1), ...op.br(0)])),
    [...op.get(TO), ...op.const(1), ...op.sub, ...op.set(TO)],
  ].flat();
}

function advance({ at }: Locals, count: number): number[] {
  return [...op.get(at), ...op.const(count), ...op.add, ...op.set(at)];
}

/** Goes on while there are `count` bytes. */
function turns(locals: Locals, count: number, steps: readonly number[]): number[] {
  const enough = [...op.get(TO), ...op.get(locals.at), ...op.sub, ...op.const(count), ...op.ltS, ...op.brIf(1)];
  return op.block(op.loop([...enough, ...steps, ...advance(locals, count), ...op.br(0)]));
}

function search(locals: Locals, onHit: OnHit): number[] {
  const pairs = Array.from({ length: UNROLL / 2 }, (_, n) => pair(locals, 2 * n, onHit)).flat();
  const one = [...step(locals, 0), ...test(0, onHit)];
  return [...prime(locals), ...turns(locals, UNROLL, pairs), ...turns(locals, 1, one)];
}

/** `f(from, to, mask)`: the first end in `[from, to)` that hits, or `to`. */
function find(): Func {
  const locals = { hash: 3, at: 4, gear: 5 };
  const onHit: OnHit = (offset) => [...op.get(locals.at), ...op.const(offset + 1), ...op.add, ...op.return];
  const body = [...search(locals, onHit), ...op.get(TO), ...op.const(1), ...op.add];
  return { name: "f", params: 3, locals: 3, body };
}

/** `s(from, to, mask, out, outEnd)`: stores each hit's end from `out` on; answers where that came to. */
function scan(): Func {
  const locals = { hash: 5, at: 6, gear: 7 };
  const onHit: OnHit = (offset) =>
    [
      [...op.get(OUT), ...op.get(locals.at), ...op.const(offset + 1), ...op.add, ...op.store(0)],
      [...op.get(OUT), ...op.const(4), ...op.add, ...op.tee(OUT), ...op.get(OUT_END), ...op.geS],
      op.if([...op.get(OUT), ...op.return]),
    ].flat();
  return { name: "s", params: 5, locals: 3, body: [...search(locals, onHit), ...op.get(OUT)] };
}

/** The module that `src/gear-wasm.ts` holds in base64: the same bytes each time. */
export function gearModule(): Uint8Array {
  return assemble([find(), scan()]);
}
