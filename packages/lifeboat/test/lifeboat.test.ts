import { link, mkdtemp, readdir, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, expectTypeOf, it } from "vitest";
import {
  type BackupEngine,
  command,
  createBackupEngine,
  directory,
  files,
  isLifeboatError,
  json,
  localStorage,
  passphrase,
  unencrypted,
} from "../src/index.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lifeboat-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

it("backs up, verifies and restores to a local site, in a host's few lines", async () => {
  const media = await mkdtemp(join(root, "media-"));
  await writeFile(join(media, "holiday.txt"), "sun");
  let settings = { theme: "dark" };
  const engine = createBackupEngine({
    app: { name: "nvr", version: "1.9.0" },
    sources: [
      json("settings", {
        dump: async () => settings,
        load: async (value) => {
          settings = value as typeof settings;
        },
      }),
      directory("media", { path: media }),
    ],
    sites: {
      local: {
        storage: localStorage({ path: join(root, "site") }),
        key: passphrase("secret", { memoryKiB: 8, passes: 1 }),
      },
      plain: { storage: localStorage({ path: join(root, "plain") }), key: unencrypted() },
    },
  });
  for (const site of ["local", "plain"] as const) {
    await writeFile(join(media, "holiday.txt"), "sun");
    settings = { theme: "dark" };
    const { id } = await engine.backup({ site });
    expect(await engine.verify({ site, id, level: "restore" })).toMatchObject({ ok: true });
    await writeFile(join(media, "holiday.txt"), "rain");
    await writeFile(join(media, "new.txt"), "x");
    settings = { theme: "light" };
    const plan = await engine.planRestore({ site, id });
    expect(plan.checks.filter(({ level }) => level === "error")).toEqual([]);
    await engine.restore(plan, { confirm: plan.token });
    expect(settings).toEqual({ theme: "dark" });
    expect(await readdir(media)).toEqual(["holiday.txt"]);
    expect(await readFile(join(media, "holiday.txt"), "utf8")).toBe("sun");
  }
  await engine.close();
});

it("makes a backup that restores, though a file of several names vanished before it was read", async () => {
  const path = await mkdtemp(join(root, "mail-"));
  await writeFile(join(path, "a"), "linked, then unlinked, as mail is delivered");
  await link(join(path, "a"), join(path, "b"));
  await writeFile(join(path, "c"), "c");
  const mail = directory("mail", { path });
  async function* entries(context: Parameters<typeof mail.entries>[0]) {
    for await (const entry of mail.entries(context)) {
      if (entry.path === "c") await unlink(join(path, "a"));
      yield entry;
    }
  }
  const engine = createBackupEngine({
    app: { name: "mail", version: "1" },
    sources: [{ ...mail, entries }],
    sites: { local: { storage: localStorage({ path: join(root, "mail") }), key: unencrypted() } },
  });
  const { id } = await engine.backup({ site: "local" });
  const to = join(root, "mail-again");
  const plan = await engine.planRestore({ site: "local", id, to: { mail: to } });
  const { problems } = await engine.restore(plan, { confirm: plan.token });
  expect(problems).toMatchObject([{ path: "b", code: "NOT_FOUND" }]);
  expect(await readFile(join(to, "c"), "utf8")).toBe("c");
  await engine.close();
});

it("keeps its backups where they lie in what is restored", async () => {
  const path = await mkdtemp(join(root, "app-"));
  await writeFile(join(path, "a"), "a");
  const engine = createBackupEngine({
    app: { name: "app", version: "1" },
    sources: [directory("app", { path })],
    sites: { local: { storage: localStorage({ path: join(path, "var", "site") }), key: unencrypted() } },
  });
  const first = await engine.backup({ site: "local" });
  const second = await engine.backup({ site: "local" });
  await writeFile(join(path, "new"), "new");
  for (const { id } of [second, first]) {
    const plan = await engine.planRestore({ site: "local", id });
    await engine.restore(plan, { confirm: plan.token });
  }
  for (const { id } of [first, second]) {
    expect(await engine.verify({ site: "local", id, level: "content" })).toMatchObject({ ok: true });
  }
  expect((await readdir(path)).sort()).toEqual(["a", "var"]);
  await engine.close();
});

it("restores what no source takes back any more as plain files", async () => {
  const site = { storage: localStorage({ path: join(root, "orphan") }), key: unencrypted() };
  const before = createBackupEngine({
    app: { name: "nvr", version: "1" },
    sources: [json("old", { dump: async () => 1, load: async () => {} })],
    sites: { local: site },
  });
  const { id } = await before.backup({ site: "local" });
  await before.close();
  const storage = localStorage({ path: join(root, "orphan") });
  const after = createBackupEngine({
    app: { name: "nvr", version: "1" },
    sources: [],
    sites: { local: { ...site, storage } },
  });
  expect(await after.planRestore({ site: "local", id })).toMatchObject({
    ok: false,
    checks: [{ code: "source-unknown" }],
  });
  const plan = await after.planRestore({ site: "local", id, to: { old: join(root, "elsewhere") } });
  await after.restore(plan, { confirm: plan.token });
  expect(await readdir(join(root, "elsewhere"))).toHaveLength(1);
  await after.close();
  const refused: unknown = await after.backup({ site: "local" }).then(null, (error: unknown) => error);
  expect(isLifeboatError(refused, "INVALID")).toBe(true);
});

it("knows the ids of the built-in sources by their types", async () => {
  await using engine = createBackupEngine({
    app: { name: "nvr", version: "1.9.0" },
    sources: [
      directory("media", { path: root }),
      files("config", { base: root, paths: ["config"] }),
      json("settings", { dump: () => 1, load: () => {} }),
      command("database", { command: ["true"] }),
    ],
    sites: {},
  });
  expectTypeOf(engine).toEqualTypeOf<BackupEngine<never, "media" | "config" | "settings" | "database", never>>();
});
