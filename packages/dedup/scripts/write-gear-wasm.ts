import { writeFileSync } from "node:fs";
import { gearModule } from "./gear-module.ts";

const text = Buffer.from(gearModule()).toString("base64");
writeFileSync(
  new URL("../src/lib/chunk/gear-wasm.ts", import.meta.url),
  `/** The module that scripts/gear-module.ts assembles; a test compares them. */\nexport const GEAR_WASM =\n  "${text}";\n`,
);
console.log(`${gearModule().length} bytes, ${text.length} characters`);
