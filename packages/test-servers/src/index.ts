export { type CephGateway, type CephGatewayOptions, type S3Server, startCephGateway } from "./lib/ceph/gateway.ts";
export {
  type AnswerFault,
  type HttpFaultProxy,
  type HttpFaultProxyOptions,
  startHttpFaultProxy,
} from "./lib/http-faults/proxy.ts";
export type { Cut, CutHow, Direction, Faults, NextFaults } from "./lib/proxy/faults.ts";
export { type FaultProxy, type FaultProxyOptions, type ProxyStats, startFaultProxy } from "./lib/proxy/proxy.ts";

export { makeKey } from "./lib/sftp/process.ts";
export { type RcloneSftpOptions, startRcloneSftp } from "./lib/sftp/rclone.ts";
export type { SftpServer } from "./lib/sftp/server.ts";
export { type SshdOptions, startSshd } from "./lib/sftp/sshd.ts";

export { Bucket } from "./lib/strict-s3/bucket.ts";
export type { Habits } from "./lib/strict-s3/operations.ts";
export {
  type InjectedFault,
  type SeenRequest,
  type StrictS3,
  type StrictS3Options,
  startStrictS3,
} from "./lib/strict-s3/server.ts";
