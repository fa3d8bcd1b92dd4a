import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { ConfigurationError, UsageError } from "../../core/index.ts";
import type { Lzma2Encoder } from "../../image/index.ts";

const STREAM_BYTES_MAX = 64 * 1024 * 1024;
const LIBRARY = "lzma-native";

/**
 * What a preset of liblzma stands for, beside the dictionary, which imgtool always gives. A preset that lzma-native is
 * given overwrites dictionary, lc, lp and pb (tried with its 8.0.6), so it is never given one.
 * Source: XZ Utils 5.4, xz(1), -0 … -9 and --lzma2.
 */
const PRESETS = [
  { mode: "FAST", mf: "HC3", niceLen: 128, depth: 4 },
  { mode: "FAST", mf: "HC4", niceLen: 128, depth: 8 },
  { mode: "FAST", mf: "HC4", niceLen: 273, depth: 24 },
  { mode: "FAST", mf: "HC4", niceLen: 273, depth: 48 },
  { mode: "NORMAL", mf: "BT4", niceLen: 16, depth: 0 },
  { mode: "NORMAL", mf: "BT4", niceLen: 32, depth: 0 },
  ...Array.from({ length: 4 }, () => ({ mode: "NORMAL", mf: "BT4", niceLen: 64, depth: 0 })),
] as const;

/** Reads a body from its standard input and writes the raw stream; run by Node, since the library has no synchronous call. */
const ENCODE = `
const [path, given] = process.argv.slice(1);
const lzma = require(path);
const { armThumb, mode, mf, ...options } = JSON.parse(given);
const lzma2 = { ...options, mode: lzma["MODE_" + mode], mf: lzma["MF_" + mf] };
const filters = [...(armThumb ? [{ id: lzma.FILTER_ARMTHUMB }] : []), { id: lzma.FILTER_LZMA2, options: lzma2 }];
process.stdin.pipe(lzma.createStream("rawEncoder", { filters })).pipe(process.stdout);
`;

/**
 * Raw LZMA2 streams by lzma-native (liblzma, the library that imgtool calls): equal to imgtool's byte by byte.
 * @throws UsageError when the library is not installed, or refuses.
 */
export const lzmaEncoder: Lzma2Encoder = (plain, parameters) => encodeBy(LIBRARY, plain, parameters);

/** @param library for a test of what is said when it is missing. */
export function encodeBy(library: string, ...[plain, parameters]: Parameters<Lzma2Encoder>): Uint8Array {
  const preset = PRESETS[parameters.preset];
  if (preset === undefined) throw new ConfigurationError(`there is no LZMA preset ${parameters.preset}: 0 to 9 are.`);
  const options = {
    ...preset,
    dictSize: parameters.dictionaryBytes,
    lc: parameters.literalContextBits,
    lp: parameters.literalPositionBits,
    pb: parameters.positionBits,
    armThumb: parameters.armThumb,
  };
  const argv = ["--eval", ENCODE, pathOf(library), JSON.stringify(options)];
  const ran = spawnSync(process.execPath, argv, { input: plain, maxBuffer: STREAM_BYTES_MAX });
  if (ran.status === 0 && ran.error === undefined) return new Uint8Array(ran.stdout);
  const said = /^\w*Error: .*$/m.exec(ran.stderr?.toString("utf8") ?? "")?.[0] ?? String(ran.error ?? ran.status);
  throw new UsageError(`--compression failed: ${library} says "${said}".`, "", { cause: ran.error });
}

function pathOf(library: string): string {
  try {
    return createRequire(import.meta.url).resolve(library);
  } catch (cause) {
    throw new UsageError(
      `--compression needs the library ${library}, which is not installed.`,
      `Run \`npm install ${library}\` beside mcuboot-hil.`,
      { cause },
    );
  }
}
