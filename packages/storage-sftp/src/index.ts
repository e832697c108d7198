export type { HostKeyCheck, SeenHostKey } from "./lib/host-key.ts";
export type { SftpStorageOptions } from "./lib/options.ts";
export { sftpStorage } from "./lib/sftp.ts";
