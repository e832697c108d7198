export { type CephGatewayOptions, type S3Server, startCephGateway } from "./lib/ceph/gateway.ts";
export type { Cut, CutHow, Direction, Faults, NextFaults } from "./lib/proxy/faults.ts";
export { type FaultProxy, type FaultProxyOptions, type ProxyStats, startFaultProxy } from "./lib/proxy/proxy.ts";
export { makeKey } from "./lib/sftp/process.ts";
export { type RcloneSftpOptions, startRcloneSftp } from "./lib/sftp/rclone.ts";
export type { SftpServer } from "./lib/sftp/server.ts";
export { type SshdOptions, startSshd } from "./lib/sftp/sshd.ts";
