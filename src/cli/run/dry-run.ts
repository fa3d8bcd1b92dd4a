import { type LoadedProfile, livesInRealTime, reachOf, smpBaudRate } from "../../board/index.ts";
import {
  buildMaterial,
  checkRequest,
  imageFacts,
  namedFiles,
  type PlannedCut,
  type ScenarioFile,
  uploadsInRecovery,
} from "../../campaign/index.ts";
import { EXIT, Random, RealClock, VirtualClock } from "../../core/index.ts";
import { count, grouped, seconds } from "../../report/index.ts";
import { lineTimeUs } from "../../serial/index.ts";
import type { CliIo } from "../terminal/io.ts";
import { reachLines } from "./trust.ts";

/** What the bootloader is going to do with the new image. */
const MODEL_TEXTS = { installs: "installs", refused: "refuses", "no boot": "does not boot with" } as const;
const NETWORK_TEXTS = { update: "takes", refused: "refuses" } as const;

/**
 * What `hil run --dry-run` shows: files read, images built, the swap as the model sees it. Touches no board.
 * @throws ConfigurationError for everything that a real run would refuse.
 */
export async function dryRun(
  request: {
    readonly board: LoadedProfile;
    readonly scenario: ScenarioFile;
    readonly seed: number;
    readonly cuts: readonly PlannedCut[] | undefined;
    readonly json: boolean;
  },
  io: CliIo,
): Promise<number> {
  const model = await checkRequest(request.scenario, request.board, request);
  // Images of a run in virtual time come from the seed, keys and all: the same here, so that lengths and hashes agree.
  const clock = livesInRealTime(request.board.profile.provider) ? new RealClock() : new VirtualClock();
  const { images, expected } = await buildMaterial(request, { clock }, Random.fromSeed(request.seed));
  const { scenario } = request;
  const { profile } = request.board;
  const inRecovery = uploadsInRecovery(scenario.value, profile);
  const work = inRecovery ? recoveryWork(expected, images, smpBaudRate(profile)) : swapWork(expected, images);
  const planned = request.cuts?.length ?? scenario.value.cuts.count ?? 0;
  // What is cut lasts half as long in the mean, and what comes after it the whole time.
  const perCutUs = work.totalUs * 1.5 + (profile.timeoutsMs.boot * 1000) / 4;
  const reach = reachOf(request.board, namedFiles(scenario));
  if (request.json) {
    const built = imageFacts(request.board, images);
    const { operations, operationsUs: durationUs } = work;
    const done = inRecovery ? { upload: { operations, durationUs } } : { swap: { operations, durationUs } };
    const plan = {
      schema: 1,
      scenario: scenario.value.name,
      board: profile.name,
      images: built,
      model,
      ...done,
      cuts: planned,
      reach,
    };
    io.out(`${JSON.stringify(plan, undefined, 2)}\n`);
    return EXIT.pass;
  }
  io.out(`${scenario.value.name} on ${profile.name}: a dry run, nothing moves\n`);
  for (const image of imageFacts(request.board, images)) {
    const by = image.signedBy === undefined ? "signed" : `signed by ${image.signedBy}`;
    const kind = image.encrypted ? `${by}, encrypted` : by;
    const name = image.core === undefined ? image.role : `network ${image.role}`;
    io.out(`image     ${name} ${image.version}: ${grouped(image.fileBytes)} B, ${kind}\n`);
  }
  io.out(
    `model     ${MODEL_TEXTS[model.does]} ${model.version}${model.does === "installs" ? "" : `: ${model.because}`}\n`,
  );
  if (model.network !== undefined) {
    const { does, version, because } = model.network;
    io.out(
      `model     ${NETWORK_TEXTS[does]} ${version} for the network core${does === "update" ? "" : `: ${because}`}\n`,
    );
  }
  io.out(
    `${inRecovery ? "upload" : "swap  "}    ${count(work.operations, "flash operation")}, ${seconds(work.operationsUs)} by the model\n`,
  );
  const lasts = planned === 0 ? "" : `, about ${seconds(planned * perCutUs)} on a board`;
  io.out(`cuts      ${planned === 0 ? "none" : count(planned, "cut")}${lasts}\n`);
  for (const line of reachLines(reach)) io.out(`${line}\n`);
  return EXIT.pass;
}

interface FlashWork {
  readonly operations: number;
  readonly operationsUs: number;
  readonly totalUs: number;
}

type Material = Awaited<ReturnType<typeof buildMaterial>>;

/** The swap of the upgrade. */
function swapWork(expected: Material["expected"], images: Material["images"]): FlashWork {
  expected.place(images.old, images.new);
  const network = images.new.network?.image;
  if (network && expected.hasNetworkSlot) expected.requestNetwork(network.file);
  expected.requestTest();
  const { operations, operationsUs, totalUs } = expected.timeline();
  return { operations: operations.length, operationsUs, totalUs };
}

/** Bytes on the line for a byte of the image: base64, and what each frame and request adds. */
const LINE_BYTES_A_BYTE = 1.4;

/** One upload of the new image into serial recovery; its total holds the time on the line, its operations do not. */
function recoveryWork(
  expected: Material["expected"],
  images: Material["images"],
  baudRate: number | undefined,
): FlashWork {
  expected.place(images.old);
  const { operations, flashUs } = expected.recoveryWork(images.new.file);
  const lineBytes = images.new.file.length * LINE_BYTES_A_BYTE;
  const lineUs = baudRate === undefined ? 0 : lineTimeUs(lineBytes, baudRate);
  return { operations, operationsUs: flashUs, totalUs: flashUs + lineUs };
}
