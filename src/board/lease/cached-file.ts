import { homedir } from "node:os";
import { join } from "node:path";
import { ConfigurationError, isBelow, resolveFrom } from "../../core/index.ts";

const CACHED = /^cache:(.+)$/s;

/**
 * A file by its path, relative to the file that names it; or `cache:FOLDER/FILE`, in the folder where fetched firmware
 * is kept: `HIL_CACHE`, else ~/.cache/mcuboot-hil.
 * @throws ConfigurationError for a way that leads out of it: what is in the cache is trusted, as this user fetched it.
 */
export function cachedFile(from: string, path: string): string {
  const inCache = CACHED.exec(path)?.[1];
  if (inCache === undefined) return resolveFrom(from, path);
  const cache = process.env["HIL_CACHE"] ?? join(homedir(), ".cache/mcuboot-hil");
  const file = join(cache, inCache);
  if (!isBelow(file, cache)) {
    throw new ConfigurationError(`${from} names ${path}, which leads out of the cache.`, "Name the file by its path.");
  }
  return file;
}

/** What to do when a file of the cache is not there. */
export const FETCH_HINT =
  "`npx tsx peers/fetch-smp-servers.ts` fetches the firmware that boards/qemu-microbit.yaml names (docs/qemu.md).";
