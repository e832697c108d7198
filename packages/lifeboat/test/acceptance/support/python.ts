import { spawnSync } from "node:child_process";

/** A Python with the modules of the second reader: apt-get install python3-cryptography python3-argon2. */
export function findPython(): string {
  const able = ["python3", "/usr/bin/python3"].find(
    (name) => spawnSync(name, ["-c", "import cryptography, argon2"], { stdio: "ignore" }).status === 0,
  );
  if (able === undefined)
    throw new Error("No python3 has cryptography and argon2: apt-get install python3-cryptography python3-argon2");
  return able;
}
