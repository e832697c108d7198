export { type BlockWriter, type BlockWriterOptions, blockWriter } from "./lib/block-writer.ts";
