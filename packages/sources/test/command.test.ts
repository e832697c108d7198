import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { type CommandOptions, command } from "../src/index.ts";
import { all, backedUp, backupContext, content, list, restoreContext, restored, temporary } from "./tools.ts";

const node = (script: string) => [process.execPath, "-e", script];

async function output(options: CommandOptions, signal = new AbortController().signal): Promise<Buffer> {
  const [entry] = await all(command("db", options).entries(backupContext({ signal })));
  return content(entry!.open!());
}

/** Waits until a file says something; the process writes it when it is ready. */
async function appears(path: string): Promise<string> {
  while (!existsSync(path) || readFileSync(path, "utf8") === "") await sleep(5);
  return readFileSync(path, "utf8");
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("a command's output", () => {
  test("is backed up as a file of unknown size", async () => {
    const source = command("db", { command: ["printf", "%s", "a $HOME; `b`"], fileName: "dump.sql" });
    const [entry] = await all(source.entries(backupContext()));
    expect(entry).toMatchObject({ path: "dump.sql", type: "file", mode: 0o600 });
    expect(entry!.size).toBeUndefined();
    expect((await content(entry!.open!())).toString()).toBe("a $HOME; `b`");
  });

  test("is a failure when the program exits with anything but 0, however much it wrote", async () => {
    const script = "process.stdout.write('x'.repeat(300000)); console.error('disk on fire'); process.exitCode = 3";
    await expect(output({ command: node(script) })).rejects.toMatchObject({
      code: "SOURCE_FAILED",
      key: "db",
      message: expect.stringMatching(/exited with 3: disk on fire$/),
    });
  });

  test("is a failure when the program is ended by a signal", async () => {
    const script = "process.stdout.write('x', () => process.kill(process.pid, 'SIGKILL'))";
    await expect(output({ command: node(script) })).rejects.toMatchObject({
      code: "SOURCE_FAILED",
      message: expect.stringContaining("SIGKILL"),
    });
  });

  test("is a failure when it is empty, or shorter than it must be", async () => {
    await expect(output({ command: ["true"] })).rejects.toMatchObject({ code: "SOURCE_FAILED" });
    const short: CommandOptions = { command: ["printf", "12345"], minBytes: 6 };
    await expect(output(short)).rejects.toMatchObject({ code: "SOURCE_FAILED" });
    expect((await output({ ...short, minBytes: 5 })).toString()).toBe("12345");
    expect((await output({ command: ["true"], minBytes: 0 })).length).toBe(0);
  });

  test("is a failure when the program does not exist, and the message holds no argument", async () => {
    await expect(output({ command: ["/no/such/tool", "--password=hunter2"] })).rejects.toMatchObject({
      code: "SOURCE_FAILED",
      message: expect.not.stringContaining("hunter2"),
      hint: expect.stringContaining("Install it"),
    });
  });

  test.each([
    ["at the end", "process.stderr.write('x'.repeat(100000) + ' pass=' + process.env.PW)"],
    ["where the kept part begins", "process.stderr.write(process.env.PW.repeat(2000))"],
    ["between two pieces", "process.stderr.write('hunt'); setTimeout(() => process.stderr.write('er22 no'), 20)"],
  ])("fails with at most 4 KiB of what the program said, without its secrets: %s", async (_, script) => {
    const error = await output({ command: node(`${script}; process.exitCode = 1`), env: { PW: "hunter22" } }).catch(
      (caught: Error) => caught,
    );
    expect(error).toBeInstanceOf(Error);
    const { message } = error as Error;
    expect(message).not.toMatch(/hunter|unter22|ter22/);
    expect(message).toContain("***");
    expect(message.length).toBeLessThan(4400);
  });

  test("is read no faster than it is taken", async () => {
    const progress = join(temporary(), "written");
    const script = `
      const piece = Buffer.alloc(65536); let written = 0;
      const more = () => { do { written += piece.length } while (written < 2**28 && process.stdout.write(piece)); };
      process.stdout.on("drain", more); more();
      setInterval(() => require("fs").writeFileSync(${JSON.stringify(progress)}, String(written)), 5);`;
    const [entry] = await all(command("db", { command: node(script) }).entries(backupContext()));
    for await (const piece of entry!.open!()) {
      expect(piece.length).toBeGreaterThan(0);
      const first = await appears(progress);
      await appears(progress);
      expect(Number(first)).toBeLessThan(2 ** 22);
      break; // leaving it ends the program
    }
  });

  test("stops, with all that the program started, when the run is aborted", async () => {
    const file = join(temporary(), "pid");
    const controller = new AbortController();
    const reading = output({ command: ["sh", "-c", `sleep 600 & echo $! > ${file}; wait`] }, controller.signal);
    const pid = Number(await appears(file));
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
    while (runs(pid)) await sleep(5);
  });

  test("times out", async () => {
    await expect(output({ command: ["sleep", "600"], timeout: 50 })).rejects.toMatchObject({ code: "TIMEOUT" });
  });

  const daemon = (keeps: string) => ["sh", "-c", `echo dumped; setsid sleep 600 ${keeps} & echo $! > "$PIDFILE"`];
  function daemonised(keeps: string, more: Partial<CommandOptions> = {}, signal?: AbortSignal) {
    const file = join(temporary(), "pid");
    onTestFinished(() => void process.kill(Number(readFileSync(file, "utf8")), "SIGKILL"));
    return { file, reading: output({ command: daemon(keeps), env: { PIDFILE: file }, ...more }, signal) };
  }

  test("times out though a daemon that it left behind holds its output", async () => {
    const { reading } = daemonised("2>&1", { timeout: 200 });
    await expect(reading).rejects.toMatchObject({ code: "TIMEOUT" });
  });

  test("is aborted though a daemon that it left behind holds its output", async () => {
    const controller = new AbortController();
    const { file, reading } = daemonised("2>&1", {}, controller.signal);
    await appears(file);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });

  test("ends with the program though a daemon that it left behind holds its standard error", async () => {
    const { reading } = daemonised(">/dev/null");
    expect((await reading).toString()).toBe("dumped\n");
  });

  test("never shows the password of an address in a message", async () => {
    const command = ["sh", "-c", "echo cannot reach postgres://joe:s3cr3t@db.example/app >&2; exit 1"];
    await expect(output({ command })).rejects.toMatchObject({
      message: expect.stringContaining("postgres://***@db.example/app"),
    });
  });

  test("needs an environment that programs can have, and its values stay out of the message", () => {
    const env = { TOKEN: "s3cr3t\0" };
    expect(() => command("db", { command: ["true"], env })).toThrow(
      expect.objectContaining({ code: "INVALID", message: expect.not.stringContaining("s3cr3t") }),
    );
  });

  test.each([[[]], [[""]], [["a\0b"]]])("needs a usable command, not %j", (words) => {
    expect(() => command("db", { command: words })).toThrow(expect.objectContaining({ code: "INVALID" }));
  });
});

describe("restoring a command's output", () => {
  const dumped = (text: string | Uint8Array) => restored({ path: "db.dump" }, text);
  const source = (restore?: readonly string[]) =>
    command("db", { command: ["true"], ...(restore === undefined ? {} : { restore: { command: restore } }) });

  test("pipes it into the restoring program", async () => {
    const file = join(temporary(), "db");
    const big = Buffer.alloc(5_000_000, "data ");
    await source(["sh", "-c", `cat > ${file}`]).restore(restoreContext(), list(dumped(big)));
    expect(readFileSync(file).equals(big)).toBe(true);
  });

  test.each([
    ["exits with anything but 0", "cat >/dev/null; echo no such table >&2; exit 1", "no such table"],
    ["does not read all", "head -c 10 >/dev/null; exit 0", "had not read all"],
  ])("fails when the program %s", async (_, script, message) => {
    const restoring = source(["sh", "-c", script]).restore(restoreContext(), list(dumped(Buffer.alloc(5_000_000))));
    await expect(restoring).rejects.toMatchObject({
      code: "SOURCE_FAILED",
      message: expect.stringContaining(message),
    });
  });

  test("never lets the program take half of it for the whole", async () => {
    const file = join(temporary(), "seen-the-end");
    const entry = {
      ...dumped("x"),
      async *open() {
        yield Buffer.alloc(100_000);
        throw new Error("damaged");
      },
    };
    const restoring = source(["sh", "-c", `cat >/dev/null; echo done > ${file}`]).restore(
      restoreContext(),
      list(entry),
    );
    await expect(restoring).rejects.toThrow("damaged");
    expect(existsSync(file)).toBe(false);
  });

  test("writes the file where the restore names another place", async () => {
    const to = temporary();
    writeFileSync(join(to, "other"), "stays");
    const program = command("db", { command: ["printf", "dump"] });
    await program.restore(restoreContext({ to }), backedUp(await all(program.entries(backupContext()))));
    expect(readFileSync(join(to, "db.dump"), "utf8")).toBe("dump");
    expect(readFileSync(join(to, "other"), "utf8")).toBe("stays");
  });

  test("is refused where there is no program for it", async () => {
    const restoring = source().restore(restoreContext(), list(dumped("x")));
    await expect(restoring).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });
});
