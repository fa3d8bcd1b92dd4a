import { sleep } from "../../core/index.ts";
import type { BootloaderBuild } from "../../mcuboot/index.ts";
import type { BootSeen } from "../record/facts.ts";
import type { CampaignImage, NetworkImage } from "../request/images.ts";
import type { Comparison } from "../verdict/compare.ts";
import type { ExpectedFlash } from "../verdict/expected-flash.ts";
import type { RecordedBoard } from "./recorded-board.ts";

/** The network core's image among those of a bootloader for both cores. Source: sdk-nrf modules/mcuboot. */
export const NETWORK_IMAGE = 1;
/** From the application's first answer to the network core's line: so long it is waited for, in milliseconds. */
const REPORT_MS = 3_000;
const ASK_EVERY_MS = 100;
/** Lines after which nothing of an earlier network application can come: the bootloader lets go of the core. */
const RELEASE: readonly string[] = ["jumping", "chainload"];
const REPORT = /firmware version (\d+)/;

/** Uploads an image of the network core and asks for it: before the application, see NCSDK-34106. */
export async function requestNetwork(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  { image }: NetworkImage,
): Promise<void> {
  await recorded.upload(image, NETWORK_IMAGE);
  await recorded.requestTest(image);
  expected.requestNetwork(image.file);
}

/** The version counter that the network core says on its own UART after a boot; undefined when it says none. */
export async function networkReport({ board, signal }: RecordedBoard, seen: BootSeen): Promise<number | undefined> {
  const { net } = board.logs;
  if (net === undefined || seen.ending !== "up") return undefined;
  const released = seen.lines.findLast(({ event = "" }) => RELEASE.includes(event)) ?? seen.lines.at(0);
  for (let waitedMs = 0; ; waitedMs += ASK_EVERY_MS) {
    const texts = net.since(released?.atUs ?? 0).map((line) => REPORT.exec(line.text)?.[1]);
    const found = texts.findLast((text) => text !== undefined);
    if (found !== undefined) return Number(found);
    if (waitedMs >= REPORT_MS) return undefined;
    await sleep(board.clock, ASK_EVERY_MS, signal);
  }
}

/** What the network core must run after an update: the newer one, where its bootloader refuses an older one. */
export function counterExpected(
  { downgradePrevention }: Pick<BootloaderBuild, "downgradePrevention">,
  { from, to }: { readonly from: CampaignImage; readonly to: CampaignImage },
): number {
  const [before, wanted] = [from.network?.counter ?? 0, to.network?.counter ?? 0];
  return downgradePrevention ? Math.max(before, wanted) : wanted;
}

/** What the network core said, beside what the application's slots say. */
export function compareNetwork(comparison: Comparison, wanted: number, found: number | undefined): Comparison {
  const told = `${comparison.found}; the network core ${found === undefined ? "says nothing" : `runs version ${found}`}`;
  if (found === wanted || !comparison.pass) return { ...comparison, found: told };
  const because =
    found === undefined
      ? "the network core does not say on its UART what it runs"
      : `the network core was to run version ${wanted}: its image was asked for in the same boot and cannot be reverted`;
  return { ...comparison, found: told, ending: "wrong image", pass: false, because };
}
