// Makes the vectors anew, and the worked examples in the specifications:
//   npm run vectors -w @lifeboat/crypto
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withExample } from "./examples.ts";
import { fixtures } from "./fixtures.ts";

const here = import.meta.dirname;
const spec = join(here, "../../../../docs/spec");

const files = await fixtures();
for (const [name, text] of Object.entries(files)) writeFileSync(join(here, name), text);
for (const page of ["sealed-object.md", "site.md"] as const) {
  const file = join(spec, page);
  writeFileSync(file, await withExample(page, readFileSync(file, "utf8")));
}
