import { expect, it } from "vitest";
import { copyTo, RoomPool, Rooms } from "../src/index.ts";

const ROOM = 256 * 1024;

it("A room that was given back is used again, up to as many as are kept", () => {
  const pool = new RoomPool(1, ROOM);
  const [one, other] = [pool.take(100_000), pool.take(ROOM)];
  const { buffer } = one;
  pool.give(one);
  pool.give(other);
  expect(pool.take(200_000).buffer).toBe(buffer);
  expect(pool.take(20).buffer.byteLength).toBe(20);
  expect(other.length).toBe(0); // given back to the system
  expect(pool.take(ROOM + 1).length).toBe(ROOM + 1);
});

it("A thread fills the rooms that came with its task before it makes new ones", () => {
  const pool = new RoomPool(2, ROOM);
  pool.give(pool.take(100_000));
  const free = pool.takeFree(2);
  expect(free).toHaveLength(1);
  const rooms = new Rooms(free, ROOM);
  expect(rooms.take(5).buffer).toBe(free[0]);
  expect(rooms.take(5).buffer.byteLength).toBe(5);
  expect(rooms.take(100_000).buffer.byteLength).toBe(ROOM);
  expect(rooms.take(ROOM + 1).length).toBe(ROOM + 1);
  expect(copyTo(new Uint8Array(4), Uint8Array.of(1, 2))).toEqual(Uint8Array.of(1, 2));
});
