// A million damaged images, and every size of body: npx tsx scripts/nightly/fuzz-image.ts [--count N] [--seed S]
import { parseArgs } from "node:util";
import { Random, RealClock } from "../../src/core/index.ts";
import {
  buildImage,
  generateKey,
  type ImageOptions,
  loadPrivateKey,
  parseVersion,
  verifyImage,
} from "../../src/image/index.ts";
import { asked, damaged } from "../../src/image/testing/fuzz.ts";

const MEBIBYTE = 1024 * 1024;
/** A reader of a file of 2 KB that holds on to more than this has a leak. */
const GROWTH_BYTES_MAX = 256 * MEBIBYTE;
/** Far above what one file takes, far below "never". */
const ONE_FILE_MS_MAX = 2000;
const SIZE_MAX = 4096;

const { values } = parseArgs({
  options: { count: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } },
});
const clock = new RealClock();
const signing = loadPrivateKey(generateKey("ecdsa-p256"));
const device = loadPrivateKey(generateKey("ecdsa-p256"));
const signer = { kind: "key", key: signing } as const;
const common = { version: parseVersion("1.2.3+4"), headerBytes: 0x24, padHeader: true } as const;

/** One image of each make, so that damage meets every reader. */
const MAKES: readonly ImageOptions[] = [
  common,
  { ...common, signer, encryption: { key: device } },
  { ...common, signer, securityCounter: 7, dependencies: [{ image: 1, version: parseVersion("1.0.0") }] },
  { ...common, signer, bootRecord: "APP", customTlvs: [{ type: 0xa0, data: Uint8Array.of(1, 2, 3) }] },
  { ...common, signer, trailer: "confirm", slotBytes: 4096, maxSectors: 4 },
];

function fuzz(count: number, seed: number): boolean {
  const random = Random.fromSeed(seed);
  const files = MAKES.map((options, at) => buildImage(random.fork(`payload ${at}`).bytes(900), options).bytes);
  const tally = { value: 0, error: 0 };
  const startMs = clock.nowUs() / 1000;
  const rssBefore = process.memoryUsage().rss;
  for (let index = 0; index < count; index += 1) {
    const file = damaged(random, files[index % files.length] ?? new Uint8Array(0));
    const beforeMs = clock.nowUs() / 1000;
    try {
      tally[asked(file, { signing, decryptKey: device })] += 1;
    } catch (error) {
      console.error(`mutant ${index} of seed ${seed}: ${String(error)}\n${Buffer.from(file).toString("hex")}`);
      return false;
    }
    if (clock.nowUs() / 1000 - beforeMs > ONE_FILE_MS_MAX) {
      console.error(`mutant ${index} of seed ${seed} took more than ${ONE_FILE_MS_MAX} ms`);
      return false;
    }
  }
  const tookMs = clock.nowUs() / 1000 - startMs;
  const grown = process.memoryUsage().rss - rssBefore;
  console.log(`${count} damaged images: ${tally.value} read, ${tally.error} refused, ${Math.round(tookMs)} ms`);
  console.log(`memory grew by ${Math.round(grown / MEBIBYTE)} MiB`);
  return grown < GROWTH_BYTES_MAX;
}

function everySize(): boolean {
  const broken: number[] = [];
  for (let bytes = 0; bytes <= SIZE_MAX; bytes += 1) {
    const payload = Random.fromSeed(bytes).bytes(bytes);
    const { image } = buildImage(payload, { ...common, signer, encryption: { key: device } });
    const { plainBody, ok } = verifyImage(image, { publicKey: signing, decryptKey: device });
    if (
      !ok ||
      !Buffer.from(plainBody ?? [])
        .subarray(0, bytes)
        .equals(payload)
    )
      broken.push(bytes);
  }
  console.log(`bodies of 0 to ${SIZE_MAX} bytes: ${SIZE_MAX + 1 - broken.length} decrypt to what was encrypted`);
  if (broken.length > 0) console.error(`these do not: ${broken.slice(0, 20).join(", ")}`);
  return broken.length === 0;
}

const good = [everySize(), fuzz(Number(values.count), Number(values.seed))];
process.exitCode = good.every(Boolean) ? 0 : 1;
