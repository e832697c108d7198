export { type CephGatewayOptions, type S3Server, startCephGateway } from "./lib/ceph/gateway.ts";
export type { Cut, CutHow, Direction, Faults, NextFaults } from "./lib/proxy/faults.ts";
export { type FaultProxy, type FaultProxyOptions, type ProxyStats, startFaultProxy } from "./lib/proxy/proxy.ts";
