/** The bundled source of a worker thread, as a string: see scripts/worker-code.mjs. */
declare module "*?worker-code" {
  const code: string;
  export default code;
}

/** A binary file, inlined as base64. */
declare module "*?base64" {
  const data: string;
  export default data;
}
