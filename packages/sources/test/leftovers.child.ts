// A restore that never ends, for leftovers.test.ts to kill.
import { stagingName } from "../src/lib/extract/staging.ts";

process.stdout.write(stagingName(process.argv[2] ?? ""));
