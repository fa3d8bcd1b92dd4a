import { decodeHeader, HEADER_BYTES } from "../../image/index.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { Flash } from "../flash/operation.ts";
import { type BootEvent, bootLine, type LineValues } from "../steps/log-lines.ts";
import type { BootResult, LogLine, Steps } from "../steps/steps.ts";
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

/** What a bootloader prints before it looks at an image. */
export function* zephyrStart(build: BootloaderBuild): Steps {
  for (const text of build.generation.banner) yield { kind: "log", level: "", text } satisfies LogLine;
  yield* line(build, "starting bootloader", {}, build.mode === "direct-xip" ? 1 : 0);
  if (!build.generation.tellsLifeCycle) return;
  const { code } = build.lifeCycle ?? {};
  if (code === undefined) yield* line(build, "life cycle");
  else yield* line(build, "life cycle", { code }, 1);
}

/** What it prints once it knows what to start, or that there is nothing. */
export function* zephyrEnd(flash: Flash, build: BootloaderBuild, result: BootResult): Steps {
  if (result.kind === "fail") yield* line(build, "no bootable image");
  if (result.kind !== "run") return;
  const offset = result.slots[0] ?? 0;
  const { version, loadAddress } = decodeHeader(flash.read(offset, HEADER_BYTES));
  const start = build.mode === "ram-load" ? loadAddress : offset;
  yield* line(build, "chainload", { offset: `0x${start.toString(16)}` });
  yield* line(build, "image version", { version: `v${version.major}.${version.minor}.${version.revision}` });
  yield* line(build, "jumping", {}, build.mode === "direct-xip" ? 1 : 0);
}

/** What it prints when it enters serial recovery. */
export function enteringRecovery(build: BootloaderBuild): Steps {
  return line(build, "serial recovery");
}

function* line({ generation }: BootloaderBuild, event: BootEvent, values: LineValues = {}, variant = 0): Steps {
  const found = bootLine(generation, event, values, variant);
  if (found !== undefined) yield found;
}
