import { expectMounted } from "@lifeboat/disk";
import type { Settings } from "./options.ts";

/**
 * Checks that the disk is there.
 *
 * @throws UNREACHABLE where it is not mounted
 */
export function assertMounted({ root, requireMount }: Settings, operation: string): Promise<void> {
  return expectMounted(root, requireMount, operation);
}
