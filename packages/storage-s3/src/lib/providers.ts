import type { S3Provider } from "./provider.ts";
import { COMMON, TIB } from "./providers-common.ts";
import { selfHosted } from "./providers-self-hosted.ts";

/**
 * The services with a preset, by the name that the `provider` option takes. Only
 * what their documentation says, or their users have met; `Not known.` where it
 * says nothing.
 */
export const s3Providers = {
  aws: {
    ...COMMON,
    title: "Amazon S3",
    checksums: "crc32",
    maxObjectBytes: 48 * TIB,
    conditionalPut: "documented",
    lifecycle:
      "Unfinished uploads are kept and billed until swept or ended by a rule (AbortIncompleteMultipartUpload). Infrequent-access classes bill 30 days and more.",
    notes: ["Without an endpoint, the AWS configuration says where the region's is."],
    source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html",
  },
  "backblaze-b2": {
    ...COMMON,
    title: "Backblaze B2",
    endpoint: "https://s3.{region}.backblazeb2.com",
    maxObjectBytes: 9 * TIB,
    lifecycle:
      "Buckets keep all versions: what is deleted or replaced stays and is billed until a lifecycle rule (NoncurrentVersionExpiration) removes it.",
    notes: [
      "Refused the checksum headers of AWS for long, so they are not sent.",
      "Application keys are made for S3, not the master key.",
    ],
    source: "https://www.backblaze.com/apidocs/introduction-to-the-s3-compatible-api",
  },
  "cloudflare-r2": {
    ...COMMON,
    title: "Cloudflare R2",
    endpoint: "https://{account}.r2.cloudflarestorage.com",
    region: "auto",
    addressing: "path",
    uniformParts: true,
    conditionalPut: "documented",
    lifecycle: "Unfinished uploads are aborted after 7 days, unless a rule says otherwise.",
    notes: [
      "All parts but the last must have one size, so objects end at 10,000 × `partBytes`: 78 GiB by default.",
      "One write a second to the same key.",
    ],
    source: "https://developers.cloudflare.com/r2/objects/multipart-objects",
  },
  contabo: {
    ...COMMON,
    title: "Contabo Object Storage",
    endpoint: "https://{region}.contabostorage.com",
    addressing: "path",
    maxParts: 1000,
    notes: [
      "The most parts are not documented; 1,000 is a careful guess. Built on Ceph, without server-side encryption.",
      "250 requests a second and 10 MB/s by default.",
    ],
    source: "https://docs.contabo.com/docs/products/Object-Storage/technical-description/",
  },
  "digitalocean-spaces": {
    ...COMMON,
    title: "DigitalOcean Spaces",
    endpoint: "https://{region}.digitaloceanspaces.com",
    multipartCopy: false,
    copyConcurrency: 4,
    deleteConcurrency: 2,
    lifecycle: "Unfinished uploads are deleted after 30 days.",
    notes: [
      "Copies in parts are not relied on.",
      "1,500 requests a second for an address, 500 for an older bucket, 300 of them writes, copies, deletes and listings.",
      "At most 10 PUT or COPY at once to one object.",
    ],
    source: "https://docs.digitalocean.com/products/spaces/details/limits/",
  },
  exoscale: {
    ...COMMON,
    title: "Exoscale SOS",
    endpoint: "https://sos-{region}.exo.io",
    maxObjectBytes: 4 * TIB,
    multipartCopy: false,
    lifecycle: "There are no lifecycle rules: only a sweep ends unfinished uploads.",
    notes: [
      "The region is a zone, such as ch-gva-2. Copies in parts are not relied on.",
      "At most 1,000 versions of one object.",
    ],
    source: "https://community.exoscale.com/product/storage/object-storage/service-boundaries/limits-and-quotas",
  },
  "google-cloud-storage": {
    ...COMMON,
    title: "Google Cloud Storage",
    endpoint: "https://storage.googleapis.com",
    region: "auto",
    addressing: "path",
    multipartCopy: false,
    deleteBatch: 1,
    deleteConcurrency: 16,
    lifecycle:
      "Unfinished uploads are kept and billed until swept, or ended by a rule. Nearline and colder classes bill 30 days and more.",
    notes: [
      "Needs HMAC keys of a service account, by the XML interface.",
      "Uploads in parts know no conditions. Objects are deleted one by one.",
      "About one write a second to the same key.",
    ],
    source: "https://cloud.google.com/storage/docs/multipart-uploads",
  },
  hetzner: {
    ...COMMON,
    title: "Hetzner Object Storage",
    endpoint: "https://{region}.your-objectstorage.com",
    notes: ["Regions are fsn1, nbg1, hel1. Requests are limited; how much is not known here."],
    source: "https://docs.hetzner.com/storage/object-storage/overview/",
  },
  "idrive-e2": {
    ...COMMON,
    title: "IDrive e2",
    addressing: "path",
    notes: ["The endpoint is the account's own; the console shows it with each region."],
    source: "https://www.idrive.com/s3-storage-e2/guides/",
  },
  ionos: {
    ...COMMON,
    title: "IONOS Object Storage",
    endpoint: "https://s3.{region}.ionoscloud.com",
    maxCopyBytes: 5_000_000_000,
    notes: ["In buckets owned by a user, one request puts at most 4.65 GiB."],
    source: "https://docs.ionos.com/cloud/storage-and-backup/s3-object-storage/overview/limitations",
  },
  linode: {
    ...COMMON,
    title: "Linode (Akamai) Object Storage",
    endpoint: "https://{region}.linodeobjects.com",
    notes: [
      "The region is the cluster's, such as us-east-1.",
      "750 to 20,000 requests a second for a bucket, by its endpoint's type.",
    ],
    source: "https://techdocs.akamai.com/cloud-computing/docs/object-storage-product-limits",
  },
  ...selfHosted,
  ovh: {
    ...COMMON,
    title: "OVHcloud Object Storage",
    endpoint: "https://s3.{region}.io.cloud.ovh.net",
    notes: ["The region in small letters, such as gra."],
    source: "https://help.ovhcloud.com/csm/en-public-cloud-storage-s3-location",
  },
  scaleway: {
    ...COMMON,
    title: "Scaleway Object Storage",
    endpoint: "https://s3.{region}.scw.cloud",
    maxParts: 1000,
    lifecycle: "Keep backups out of the Glacier class: it must be restored before it can be read.",
    notes: ["1,000 parts: with the default part size, an object has at most 249 GiB."],
    source: "https://www.scaleway.com/en/docs/storage/object/api-cli/multipart-uploads/",
  },
  "synology-c2": {
    ...COMMON,
    title: "Synology C2 Object Storage",
    endpoint: "https://{region}.s3.synologyc2.net",
    notes: ["Regions are eu-001, eu-002, us-001, us-002, tw-001."],
    source: "https://c2.synology.com/en-global/object-storage/overview",
  },
  upcloud: {
    ...COMMON,
    title: "UpCloud Managed Object Storage",
    notes: ["The endpoint is the instance's own, such as https://ab1cd.upcloudobjects.com; the region goes beside it."],
    source: "https://upcloud.com/docs/products/managed-object-storage/",
  },
  vultr: {
    ...COMMON,
    title: "Vultr Object Storage",
    endpoint: "https://{region}.vultrobjects.com",
    notes: ["The region is the cluster's, such as ewr1. It is built on Ceph."],
    source: "https://docs.vultr.com/products/cloud-storage/object-storage",
  },
  wasabi: {
    ...COMMON,
    title: "Wasabi",
    endpoint: "https://s3.{region}.wasabisys.com",
    lifecycle: "What is deleted before its minimum age (90 days; 30 in some plans) is billed for all of it.",
    notes: ["Limits on requests are not published; too many are answered with 400 RequestRateLimitExceeded."],
    source: "https://docs.wasabi.com/apidocs/wasabi-api",
  },
} as const satisfies Readonly<Record<string, S3Provider>>;

/** A service with a preset. */
export type S3ProviderName = keyof typeof s3Providers;
