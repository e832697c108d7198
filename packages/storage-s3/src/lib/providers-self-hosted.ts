import type { S3Provider } from "./provider.ts";
import { COMMON } from "./providers-common.ts";

/** Servers that a host runs itself: the endpoint is its own, and buckets have no host names. */
export const selfHosted = {
  minio: {
    ...COMMON,
    title: "MinIO",
    region: "us-east-1",
    addressing: "path",
    conditionalPut: "documented",
    lifecycle:
      "Unfinished uploads end by themselves after a day. A sweep does not find them: uploads are listed only by their exact key.",
    notes: ["For a certificate of its own making, give `tls.ca`."],
    source: "https://docs.min.io/enterprise/aistor-object-store/developers/s3-api-compatibility",
  },
  ceph: {
    ...COMMON,
    title: "Ceph object gateway",
    region: "us-east-1",
    addressing: "path",
    conditionalPut: "documented",
    lifecycle: "Unfinished uploads are kept until swept, or ended by a rule.",
    notes: [
      "Uploads in parts ignore conditions (16.2), which is probed, and drop the object lock, which is then set after them.",
    ],
    source: "https://docs.ceph.com/en/latest/radosgw/s3/",
  },
  other: {
    ...COMMON,
    title: "Any other service",
    region: "us-east-1",
    addressing: "path",
    notes: ["What holds where an `endpoint` is given without a `provider`."],
    source: "https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html",
  },
} as const satisfies Readonly<Record<string, S3Provider>>;
