import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKey, startRcloneSftp, startSshd, startStrictS3 } from "@lifeboat/test-servers";
import type { Fault, Scene } from "./faults.ts";
import { LIMITS, SLACK } from "./limits.ts";
import { s3Place, sftpPlace } from "./place.ts";
import { answersStage, plainStage, type Stage } from "./stage.ts";

const HOUR_MS = 3_600_000;

/** Credentials that were good once. */
async function expired({ servers, server }: Scene): Promise<Stage> {
  switch (server) {
    case "OpenSSH":
      return await withExpiredKey();
    case "rclone": {
      const place = await servers.place(server);
      return plainStage(place, { sftp: { privateKey: undefined, password: "last month's" } });
    }
    case "Ceph RGW": {
      const credentials = { accessKeyId: `key-${randomUUID()}`, secretAccessKey: randomUUID() };
      const { accessKeyId, secretAccessKey } = credentials;
      const key = ["--uid=test", "--key-type=s3", `--access-key=${accessKeyId}`];
      await servers.ceph.admin("key", "create", ...key, `--secret-key=${secretAccessKey}`);
      const stage = plainStage(await servers.place(server), { s3: { credentials } });
      return {
        ...stage,
        begin: async () => {
          await stage.storage.connect?.(); // it is good until now
          await servers.ceph.admin("key", "rm", ...key);
        },
      };
    }
    case "strict S3": {
      const sessionToken = "a token of yesterday";
      const strict = await startStrictS3({ expiredToken: sessionToken });
      const place = await s3Place(strict);
      const credentials = { ...strict.credentials, sessionToken };
      return plainStage(place, { s3: { credentials } }, { [Symbol.asyncDispose]: () => strict.stop() });
    }
  }
}

/** A server that takes the right key for good, and another one until last year (sshd(8), `expiry-time`). */
async function withExpiredKey(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "lifeboat-expired-"));
  for (const name of ["good", "old"]) makeKey(join(folder, name), "ed25519");
  const [good, old] = await Promise.all(["good.pub", "old.pub"].map((name) => readFile(join(folder, name), "utf8")));
  await writeFile(join(folder, "authorized"), `${good}expiry-time="202501010000" ${old}`);
  await chmod(folder, 0o755);
  const server = await startSshd({ configuration: [`AuthorizedKeysFile ${join(folder, "authorized")}`] });
  const [privateKey, oldKey] = await Promise.all(["good", "old"].map((name) => readFile(join(folder, name), "utf8")));
  return plainStage(
    sftpPlace({ ...server, privateKey: privateKey ?? "" }),
    { sftp: { privateKey: oldKey } },
    {
      async [Symbol.asyncDispose]() {
        await server.stop();
        await rm(folder, { recursive: true });
      },
    },
  );
}

/** Room for what is there before, and for half of what is put then. */
const ROOM_MIB = 30;

async function full({ servers, server }: Scene): Promise<Stage> {
  switch (server) {
    case "OpenSSH": {
      const disk = await smallDisk();
      const sshd = await startSshd({ directory: disk.path });
      return plainStage(sftpPlace(sshd), {}, { [Symbol.asyncDispose]: () => sshd.stop().then(() => disk.remove()) });
    }
    case "rclone": {
      const disk = await smallDisk();
      const rclone = await startRcloneSftp({ served: disk.path });
      return plainStage(
        sftpPlace(rclone),
        {},
        { [Symbol.asyncDispose]: () => rclone.stop().then(() => disk.remove()) },
      );
    }
    case "Ceph RGW": {
      const place = await servers.place(server);
      const bucket = ["--quota-scope=bucket", `--bucket=${place.name}`];
      await servers.ceph.admin("quota", "set", ...bucket, `--max-size=${ROOM_MIB * 1024 * 1024}`);
      await servers.ceph.admin("quota", "enable", ...bucket);
      return plainStage(place, {});
    }
    case "strict S3": {
      const refusal = { do: "refuse", status: 507, code: "XMinioStorageFull" } as const;
      return await answersStage(await servers.place(server), () => {
        let room = 2;
        return (operation) => {
          if (operation !== "UploadPart") return undefined;
          room -= 1;
          return room < 0 ? refusal : undefined;
        };
      });
    }
  }
}

/** A disk in memory. Needs the right to mount (root); without it this fails and says so. */
async function smallDisk(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "lifeboat-disk-"));
  const stdio = ["ignore", "ignore", "inherit"] as const;
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${ROOM_MIB}m,mode=755`, "tmpfs", path], { stdio: [...stdio] });
  return {
    path,
    async remove() {
      execFileSync("umount", ["-l", path], { stdio: [...stdio] });
      await rm(path, { recursive: true });
    },
  };
}

/** What is wrong with a server, or with what the host gave for it. */
export const serverFaults: readonly Fault[] = [
  { name: "expired credentials", expect: "UNAUTHENTICATED", within: SLACK, arrange: expired },
  {
    name: "disk full",
    expect: "NO_SPACE",
    except: { get: "intact", small: "intact" },
    within: LIMITS.retry / 1000 + SLACK,
    without: {
      "strict S3 get": "reads need no room",
      "strict S3 small": "nothing large is put",
    },
    arrange: full,
  },
  {
    name: "clock an hour ahead",
    expect: "intact",
    within: SLACK,
    clockAhead: HOUR_MS,
    async arrange({ servers, server }) {
      if (server !== "strict S3") return plainStage(await servers.place(server), {});
      const strict = await startStrictS3({ clockSkew: -HOUR_MS }); // it runs in this process
      return plainStage(await s3Place(strict), {}, { [Symbol.asyncDispose]: () => strict.stop() });
    },
  },
];
