export type { ObjectCheckLevel } from "./lib/check.ts";
export { readSiteDocument, type SiteDocument, type SiteDocumentHalves, writeSiteDocument } from "./lib/document.ts";
export { type FencedSessions, type Fences, openFences } from "./lib/fences.ts";
export { type FieldReader, type Fields, fieldReader } from "./lib/fields.ts";
export { type BackupIdParts, isTrigger, newBackupId, parseBackupId } from "./lib/ids.ts";
export { BACKUPS_PREFIX, backupFolder, backupKey, LABELS_NAME, MANIFEST_NAME } from "./lib/keys.ts";
export { type LateVerdict, removeRemains } from "./lib/listing.ts";
export { type Manifests, type ManifestsOptions, openManifests } from "./lib/manifests.ts";
export { assertShare, chooseShare, type Verifiable } from "./lib/share.ts";
