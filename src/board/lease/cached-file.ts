import { homedir } from "node:os";
import { join } from "node:path";
import { resolveFrom } from "../../core/index.ts";

const CACHED = /^cache:(.+)$/s;

/**
 * A file by its path, relative to the file that names it; or `cache:FOLDER/FILE`, in the folder where fetched firmware
 * is kept: `HIL_CACHE`, else ~/.cache/mcuboot-hil.
 */
export function cachedFile(from: string, path: string): string {
  const inCache = CACHED.exec(path)?.[1];
  if (inCache === undefined) return resolveFrom(from, path);
  return join(process.env["HIL_CACHE"] ?? join(homedir(), ".cache/mcuboot-hil"), inCache);
}

/** What to do when a file of the cache is not there. */
export const FETCH_HINT =
  "`npx tsx peers/fetch-smp-servers.ts` fetches the firmware that boards/qemu-microbit.yaml names (docs/qemu.md).";
