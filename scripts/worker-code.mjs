// Turns `import code from "./x.worker.ts?worker-code"` into the bundled text of
// that worker. A library cannot ship `new Worker(new URL(...))`: the bundlers of
// its users lose the file. A string passed to `new Worker(code, { eval: true })`
// survives them all. `import wasm from "pkg/x.wasm?base64"` inlines a binary for
// the same reason.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";

const SUFFIX = "?worker-code";
const BINARY = "?base64";

/** The file that a `?base64` import means, found as Node finds modules. */
function binaryFile(source, importerFolder) {
  return createRequire(join(importerFolder, "x.js")).resolve(source.slice(0, -BINARY.length));
}

async function binaryModule(file) {
  return `export default ${JSON.stringify((await readFile(file)).toString("base64"))};`;
}

/** Bundles one worker's entry file into a single CommonJS text. */
export async function bundleWorker(entry, { minify = false } = {}) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    conditions: ["@lifeboat/source"],
    mainFields: ["module", "main"], // ES modules where there are any: what a worker does not use is left out
    plugins: [workerCodeEsbuild()],
    minify,
    legalComments: "none",
    logLevel: "silent",
  });
  const inputs = Object.keys(result.metafile.inputs).map((file) => resolve(file));
  return { code: result.outputFiles[0].text, inputs };
}

/** The plugin for esbuild (and so for tsup). */
export function workerCodeEsbuild() {
  return {
    name: "worker-code",
    setup(pluginBuild) {
      pluginBuild.onResolve({ filter: /\?worker-code$/ }, (args) => ({
        path: resolve(args.resolveDir, args.path.slice(0, -SUFFIX.length)),
        namespace: "worker-code",
      }));
      pluginBuild.onLoad({ filter: /.*/, namespace: "worker-code" }, async (args) => {
        const { code, inputs } = await bundleWorker(args.path, { minify: true });
        return { contents: `export default ${JSON.stringify(code)};`, loader: "js", watchFiles: inputs };
      });
      pluginBuild.onResolve({ filter: /\?base64$/ }, (args) => ({
        path: binaryFile(args.path, args.resolveDir),
        namespace: "base64",
      }));
      pluginBuild.onLoad({ filter: /.*/, namespace: "base64" }, async (args) => ({
        contents: await binaryModule(args.path),
        loader: "js",
      }));
    },
  };
}

/** The plugin for vite (and so for vitest). */
export function workerCodeVite() {
  return {
    name: "worker-code",
    enforce: "pre",
    resolveId(source, importer) {
      if (!importer) return null;
      if (source.endsWith(SUFFIX)) return `\0${resolve(dirname(importer), source)}`;
      // In hex: vitest leaves ids that name node_modules to Node.
      if (source.endsWith(BINARY))
        return `\0${Buffer.from(binaryFile(source, dirname(importer))).toString("hex")}${BINARY}`;
      return null;
    },
    async load(id) {
      if (id.startsWith("\0") && id.endsWith(BINARY)) {
        return binaryModule(Buffer.from(id.slice(1, -BINARY.length), "hex").toString());
      }
      if (!id.startsWith("\0") || !id.endsWith(SUFFIX)) return null;
      const { code, inputs } = await bundleWorker(id.slice(1, -SUFFIX.length));
      for (const file of inputs) this.addWatchFile(file);
      return `export default ${JSON.stringify(code)};`;
    },
  };
}
