import {
  type CephGateway,
  type SftpServer,
  type StrictS3,
  startCephGateway,
  startRcloneSftp,
  startSshd,
  startStrictS3,
} from "@lifeboat/test-servers";
import { type Place, s3Place, sftpPlace } from "./place.ts";

/** The servers, in the order of the table's rows. */
export const SERVERS = ["OpenSSH", "rclone", "Ceph RGW", "strict S3"] as const;
export type ServerName = (typeof SERVERS)[number];

/** All of them, running. */
export interface Servers extends AsyncDisposable {
  readonly sshd: SftpServer;
  readonly rclone: SftpServer;
  readonly ceph: CephGateway;
  readonly strict: StrictS3;
  /** A new place on one of them. */
  place(name: ServerName): Promise<Place>;
}

/**
 * Starts all servers.
 *
 * @throws where one is not installed, with the command that installs it
 */
export async function startServers(): Promise<Servers> {
  const starting = [startSshd(), startRcloneSftp(), startCephGateway(), startStrictS3()] as const;
  const started = await Promise.allSettled(starting);
  const stop = async () => {
    await Promise.all(started.map((each) => (each.status === "fulfilled" ? each.value.stop() : Promise.resolve())));
  };
  try {
    const [sshd, rclone, ceph, strict] = await Promise.all(starting);
    return {
      sshd,
      rclone,
      ceph,
      strict,
      place: async (name) => {
        if (name === "OpenSSH") return sftpPlace(sshd);
        if (name === "rclone") return sftpPlace(rclone);
        return await s3Place(name === "Ceph RGW" ? ceph : strict);
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
