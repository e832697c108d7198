import { isLifeboatError, type LifeboatError } from "@lifeboat/contracts";

/** The error of a call that was refused for want of a right; `null` where it was not refused. */
export async function denialOf(call: () => Promise<unknown>): Promise<LifeboatError | null> {
  try {
    await call();
    return null;
  } catch (error) {
    if (!isLifeboatError(error, "PERMISSION_DENIED")) throw error;
    return error;
  }
}
