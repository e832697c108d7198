import { describe, expect, it } from "vitest";
import { argon2id, argon2Node, argon2Thread } from "../src/lib/argon2.ts";
import { argon2Addon } from "../src/lib/argon2-addon.ts";
import { argon2Wasm } from "../src/lib/argon2-wasm.ts";
import { toHex, utf8 } from "./vectors/fixed.ts";

// Made with the reference implementation, by way of python3-argon2.
const known = [
  {
    password: "password",
    salt: "somesalt",
    memoryKiB: 64,
    passes: 1,
    parallelism: 1,
    key: "729c7a54441bc13559bdca71348c4e554599e719c08a952601ed5c83618c1bbd",
  },
  {
    password: "x",
    salt: "sixteen bytes ok",
    memoryKiB: 256,
    passes: 3,
    parallelism: 4,
    key: "d61ed251d38220eaca0c62a908019ccc252de3c0365aa5048e5bf4336b6a8724",
  },
  {
    password: "pâté 🔑",
    salt: "sixteen bytes ok",
    memoryKiB: 65_536,
    passes: 3,
    parallelism: 1,
    key: "431f858bc22aad4e2ebffa8d7b850e55e9e0d3b96d39576f1fcdd74f2e96c2ff",
  },
  {
    password: "lanes",
    salt: "sixteen bytes ok",
    memoryKiB: 1024,
    passes: 2,
    parallelism: 16,
    key: "22cf2c2a234633dc8ceb2659acc36fccada94f789c70199970cb502024e419af",
  },
];

const costly = { password: utf8("x"), salt: utf8("sixteen bytes ok"), memoryKiB: 65_536, passes: 3, parallelism: 1 };

/** Every means there is here: WebAssembly everywhere, the addon where it is installed, Node's own from 24.7 on. */
const means = new Map(
  Object.entries({
    chosen: argon2id,
    addon: argon2Addon(),
    node: argon2Node(),
    thread: argon2Thread,
    wasm: argon2Wasm,
  }),
);

describe("Argon2id", () => {
  it("has an addon for this system among what is installed", () => {
    expect(argon2Addon()).not.toBeNull();
  });

  it("gives what the reference implementation gives, by every means there is", async () => {
    for (const { password, salt, key, ...cost } of known) {
      const input = { password: utf8(password), salt: utf8(salt), ...cost };
      for (const derive of means.values()) if (derive !== null) expect(toHex(await derive(input))).toBe(key);
    }
  });

  it.each([argon2id, argon2Thread])("leaves the event loop free", async (derive) => {
    let turns = 0;
    let done = false;
    const turn = () => {
      turns += 1;
      if (!done) setImmediate(turn);
    };
    turn();
    await derive(costly);
    done = true;
    expect(turns).toBeGreaterThan(10);
  });

  it.each([argon2id, argon2Thread])("stops at once with the signal's reason", async (derive) => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const running = derive(costly, { signal: stop.signal });
    stop.abort(reason);
    await expect(running).rejects.toBe(reason);
    await expect(derive(costly, { signal: stop.signal })).rejects.toBe(reason);
  });
});
