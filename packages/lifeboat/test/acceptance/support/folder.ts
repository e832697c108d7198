import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is removed at the end of the scope, whatever modes lie in it. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "lifeboat-accept-"));
  return {
    path,
    [Symbol.dispose]() {
      execFileSync("chmod", ["-R", "u+rwX", path]);
      execFileSync("rm", ["-rf", path]);
    },
  };
}
