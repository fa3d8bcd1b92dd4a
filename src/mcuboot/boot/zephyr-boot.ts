import { decodeHeader, HEADER_BYTES } from "../../image/index.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { Flash } from "../flash/operation.ts";
import { type BootEvent, bootLine, type LineValues } from "../steps/log-lines.ts";
import type { BootResult, LogLine, Steps } from "../steps/steps.ts";
import { boot } from "./boot.ts";

/**
 * A boot as a board shows it: MCUboot's own lines between those of its Zephyr port.
 * Source: MCUboot boot/zephyr/main.c.
 */
export function* zephyrBoot(flash: Flash, build: BootloaderBuild): Steps<BootResult> {
  const { generation } = build;
  const xip = build.mode === "direct-xip";
  for (const text of generation.banner) yield { kind: "log", level: "", text } satisfies LogLine;
  yield* line(build, "starting bootloader", {}, xip ? 1 : 0);
  const result = yield* boot(flash, build);
  if (result.kind === "fail") yield* line(build, "no bootable image");
  if (result.kind !== "run") return result;
  const offset = result.slots[0] ?? 0;
  const { version } = decodeHeader(flash.read(offset, HEADER_BYTES));
  yield* line(build, "chainload", { offset: `0x${offset.toString(16)}` });
  yield* line(build, "image version", { version: `v${version.major}.${version.minor}.${version.revision}` });
  yield* line(build, "jumping", {}, xip ? 1 : 0);
  return result;
}

function* line({ generation }: BootloaderBuild, event: BootEvent, values: LineValues = {}, variant = 0): Steps {
  const found = bootLine(generation, event, values, variant);
  if (found !== undefined) yield found;
}
