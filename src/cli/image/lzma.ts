import { spawnSync } from "node:child_process";
import { hasCode, UsageError } from "../../core/index.ts";
import type { Lzma2Encoder } from "../../image/index.ts";

const STREAM_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Raw LZMA2 streams from the `xz` program (XZ Utils), the same library that imgtool calls: its 5.4 gives equal bytes.
 * @throws UsageError when there is no `xz`, or it refuses.
 */
export const xzEncoder: Lzma2Encoder = (plain, parameters) => {
  const { preset, dictionaryBytes, literalContextBits: lc, literalPositionBits: lp, positionBits: pb } = parameters;
  const filters = [
    ...(parameters.armThumb ? ["--armthumb"] : []),
    `--lzma2=preset=${preset},dict=${dictionaryBytes},lc=${lc},lp=${lp},pb=${pb}`,
  ];
  const ran = spawnSync("xz", ["--format=raw", "--stdout", ...filters], { input: plain, maxBuffer: STREAM_BYTES_MAX });
  if (ran.status === 0) return new Uint8Array(ran.stdout);
  if (hasCode(ran.error, "ENOENT")) {
    throw new UsageError(
      "--compression needs the program xz, which is not installed.",
      "Install XZ Utils (xz-utils).",
      {
        cause: ran.error,
      },
    );
  }
  const said = ran.stderr?.toString("utf8").trim() ?? "";
  throw new UsageError(`--compression failed: xz says "${said}".`, "", { cause: ran.error });
};
