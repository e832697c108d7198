/** The bundled source of a worker thread, as a string: see scripts/worker-code.mjs. */
declare module "*?worker-code" {
  const code: string;
  export default code;
}
