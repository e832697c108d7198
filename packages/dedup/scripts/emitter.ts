/** WebAssembly's value type i32. */
const I32 = 0x7f;

/** An unsigned number as LEB128. */
export function u(value: number): number[] {
  const out: number[] = [];
  let left = value >>> 0;
  do {
    const byte = left & 0x7f;
    left >>>= 7;
    out.push(left === 0 ? byte : byte | 0x80);
  } while (left !== 0);
  return out;
}

/** A signed number as LEB128. */
function s(value: number): number[] {
  const out: number[] = [];
  for (let left = value | 0; ; ) {
    const byte = left & 0x7f;
    left >>= 7;
    const done = (left === 0 && (byte & 0x40) === 0) || (left === -1 && (byte & 0x40) !== 0);
    out.push(done ? byte : byte | 0x80);
    if (done) return out;
  }
}

/** Instructions, by the names that the WebAssembly text format gives them; all of type i32. */
export const op = {
  get: (local: number) => [0x20, ...u(local)],
  set: (local: number) => [0x21, ...u(local)],
  tee: (local: number) => [0x22, ...u(local)],
  const: (value: number) => [0x41, ...s(value)],
  load: (offset: number) => [0x28, 2, ...u(offset)],
  load8: (offset: number) => [0x2d, 0, ...u(offset)],
  store: (offset: number) => [0x36, 2, ...u(offset)],
  eqz: [0x45],
  ltS: [0x48],
  geS: [0x4e],
  add: [0x6a],
  sub: [0x6b],
  and: [0x71],
  shl: [0x74],
  block: (body: readonly number[]) => [0x02, 0x40, ...body, 0x0b],
  loop: (body: readonly number[]) => [0x03, 0x40, ...body, 0x0b],
  if: (body: readonly number[]) => [0x04, 0x40, ...body, 0x0b],
  br: (depth: number) => [0x0c, ...u(depth)],
  brIf: (depth: number) => [0x0d, ...u(depth)],
  return: [0x0f],
} as const;

/** A function that takes and answers i32 only. */
export interface Func {
  readonly name: string;
  readonly params: number;
  /** Further locals, zero at first. */
  readonly locals: number;
  readonly body: readonly number[];
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** A module with an imported memory `m.m`, and these functions exported. */
export function assemble(funcs: readonly Func[]): Uint8Array {
  const text = (value: string) => [...u(value.length), ...new TextEncoder().encode(value)];
  const vector = (items: readonly (readonly number[])[]) => [...u(items.length), ...items.flat()];
  const section = (id: number, bytes: readonly number[]) => [id, ...u(bytes.length), ...bytes];
  const types = funcs.map(({ params }) => [0x60, ...u(params), ...Array<number>(params).fill(I32), 1, I32]);
  const code = funcs.map(({ locals, body }) => {
    const bytes = [1, ...u(locals), I32, ...body, 0x0b];
    return [...u(bytes.length), ...bytes];
  });
  return Uint8Array.from([
    ...MAGIC,
    ...section(1, vector(types)),
    ...section(2, vector([[...text("m"), ...text("m"), 0x02, 0x00, ...u(1)]])),
    ...section(3, vector(funcs.map((_, n) => u(n)))),
    ...section(7, vector(funcs.map(({ name }, n) => [...text(name), 0x00, ...u(n)]))),
    ...section(10, vector(code)),
  ]);
}
