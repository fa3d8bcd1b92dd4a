import { decodeHeader, HEADER_BYTES } from "../../image/index.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { Flash } from "../flash/operation.ts";
import { portLine, startLines } from "../steps/start-lines.ts";
import type { BootResult, Steps } from "../steps/steps.ts";
import { boot } from "./boot.ts";

/**
 * A boot as a board shows it: MCUboot's own lines between those of its Zephyr port. Between the three parts a build
 * with serial recovery may enter that.
 * Source: MCUboot boot/zephyr/main.c.
 */
export function* zephyrBoot(flash: Flash, build: BootloaderBuild): Steps<BootResult> {
  yield* zephyrStart(build);
  const result = yield* boot(flash, build);
  yield* zephyrEnd(flash, build, result);
  return result;
}

/** What a bootloader prints before it looks at an image. Behind NSIB that comes after it: `boot` prints it. */
export function* zephyrStart(build: BootloaderBuild): Steps {
  if (build.nsib === undefined) yield* startLines(build);
}

/** What it prints once it knows what to start, or that there is nothing. */
export function* zephyrEnd(flash: Flash, build: BootloaderBuild, result: BootResult): Steps {
  if (result.kind === "fail") yield* portLine(build, "no bootable image");
  if (result.kind !== "run") return;
  const offset = result.slots[0] ?? 0;
  const { version, loadAddress } = decodeHeader(flash.read(offset, HEADER_BYTES));
  const start = build.mode === "ram-load" ? loadAddress : offset;
  yield* portLine(build, "chainload", { offset: `0x${start.toString(16)}` });
  yield* portLine(build, "image version", { version: `v${version.major}.${version.minor}.${version.revision}` });
  yield* portLine(build, "jumping", {}, build.mode === "direct-xip" ? 1 : 0);
}

/** What it prints when it enters serial recovery. */
export function enteringRecovery(build: BootloaderBuild): Steps {
  return portLine(build, "serial recovery");
}
