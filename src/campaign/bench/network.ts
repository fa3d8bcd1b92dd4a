import { sleep } from "../../core/index.ts";
import type { BootSeen } from "../record/facts.ts";
import type { NetworkImage } from "../request/images.ts";
import { NETWORK_IMAGE } from "../verdict/check-network.ts";
import type { RecordedBoard } from "./recorded-board.ts";
import type { Trial } from "./trial.ts";

/** From the application's first answer to the network core's line: so long it is waited for, in milliseconds. */
const REPORT_MS = 3_000;
const ASK_EVERY_MS = 100;
/** Lines after which nothing of an earlier network application can come: the bootloader lets go of the core. */
const RELEASE: readonly string[] = ["jumping", "chainload"];
const REPORT = /firmware version (\d+)/;

/** Uploads an image of the network core and asks for it: before the application, see NCSDK-34106. */
export async function requestNetwork({ recorded, expected }: Trial, { image }: NetworkImage): Promise<void> {
  await recorded.upload(image, { imageNumber: NETWORK_IMAGE });
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
