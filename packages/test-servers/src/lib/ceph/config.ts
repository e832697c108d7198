/** Where a small cluster lies and listens. */
export interface ClusterPlace {
  readonly folder: string;
  readonly clusterId: string;
  readonly monitorPort: number;
  readonly gatewayPort: number;
  /** What the store in memory may hold, in bytes. */
  readonly capacity: number;
}

/** The configuration of one monitor, one store in memory and one gateway, on the loopback interface, without authentication between them. */
export function cephConfig({ folder, clusterId, monitorPort, gatewayPort, capacity }: ClusterPlace): string {
  return sections({
    global: {
      fsid: clusterId,
      run_dir: folder,
      crash_dir: folder,
      admin_socket: `${folder}/$name.asok`,
      log_file: `${folder}/$name.log`,
      mon_host: `v2:127.0.0.1:${monitorPort}`,
      mon_initial_members: "a",
      public_addr: "127.0.0.1",
      cluster_addr: "127.0.0.1",
      ms_bind_msgr1: false,
      auth_cluster_required: "none",
      auth_service_required: "none",
      auth_client_required: "none",
      mon_allow_pool_size_one: true,
      mon_max_pg_per_osd: 1000,
      osd_pool_default_size: 1,
      osd_pool_default_min_size: 1,
      osd_pool_default_pg_num: 1,
      osd_pool_default_pgp_num: 1,
      osd_pool_default_pg_autoscale_mode: "off",
      osd_crush_chooseleaf_type: 0,
      debug_ms: 0,
    },
    "mon.a": {
      mon_data: `${folder}/mon`,
      mon_data_avail_warn: 2,
      mon_data_avail_crit: 1,
      paxos_propose_interval: 0.01,
      paxos_min_wait: 0.01,
    },
    "osd.0": {
      osd_data: `${folder}/osd`,
      osd_objectstore: "memstore",
      memstore_device_bytes: capacity,
      osd_class_load_list: "*",
      osd_class_default_list: "*",
      osd_fast_shutdown: true,
    },
    "client.rgw": {
      rgw_data: `${folder}/rgw`,
      ms_mon_client_mode: "crc secure",
      rgw_frontends: `beast endpoint=127.0.0.1:${gatewayPort} tcp_nodelay=1`,
      rgw_enable_apis: "s3, admin",
      rgw_dns_name: "localhost",
      rgw_thread_pool_size: 64,
      rgw_override_bucket_index_max_shards: 1,
      rgw_gc_obj_min_wait: 5,
      rgw_gc_processor_period: 10,
      rgw_run_sync_thread: false,
      rgw_enable_usage_log: false,
      rgw_enable_ops_log: false,
    },
  });
}

type Section = Readonly<Record<string, string | number | boolean>>;

function sections(all: Readonly<Record<string, Section>>): string {
  return Object.entries(all)
    .map(([name, section]) => {
      const lines = Object.entries(section).map(([key, value]) => `${key} = ${value}`);
      return [`[${name}]`, ...lines, ""].join("\n");
    })
    .join("\n");
}
