const SOURCE_ID = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Whether a value can be a source's id: `[a-z0-9][a-z0-9-]*`, at most 64 characters. */
export function isSourceId(value: unknown): value is string {
  return typeof value === "string" && SOURCE_ID.test(value);
}
