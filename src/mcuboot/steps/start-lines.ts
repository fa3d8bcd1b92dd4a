import type { BootloaderBuild } from "../builds/build.ts";
import { type BootEvent, bootLine, type LineValues } from "./log-lines.ts";
import type { LogLine, Steps } from "./steps.ts";

/** What a bootloader prints before it looks at an image. Source: MCUboot boot/zephyr/main.c. */
export function* startLines(build: BootloaderBuild): Steps {
  for (const text of build.generation.banner) yield { kind: "log", level: "", text } satisfies LogLine;
  yield* portLine(build, "starting bootloader", {}, build.mode === "direct-xip" ? 1 : 0);
  if (!build.generation.tellsLifeCycle) return;
  const { code } = build.lifeCycle ?? {};
  if (code === undefined) yield* portLine(build, "life cycle");
  else yield* portLine(build, "life cycle", { code }, 1);
}

/** A line of MCUboot's Zephyr port, when this generation has it. */
export function* portLine(
  { generation }: BootloaderBuild,
  event: BootEvent,
  values: LineValues = {},
  variant = 0,
): Steps {
  const found = bootLine(generation, event, values, variant);
  if (found !== undefined) yield found;
}
