import type { SlotSeen } from "./evidence.ts";

/** How a log reaches who is asked: as the UART has it, or with time stamps of the application's logger. */
export type LogStyle = "minimal" | "time stamps" | "bare";

const LEVELS: Readonly<Record<string, string>> = { I: "inf", W: "wrn", E: "err", D: "dbg" };

/**
 * Boots as a customer would send them: lines of the bootloader, and of an application between them.
 * @param style "bare" leaves the banners out, as a terminal does that was opened too late.
 */
export function toldLog(
  boots: readonly { readonly lines: readonly string[]; readonly starts: boolean }[],
  style: LogStyle,
): string {
  let atMs = 0;
  const lines = boots.flatMap(({ lines: own, starts }, boot) => {
    atMs = 250;
    const shown = own
      .filter((line) => style !== "bare" || !line.startsWith("***"))
      .map((line) => stamped(line, style, (atMs += 3)));
    return [...shown, ...(starts ? [`app: ready (start ${boot + 1})`] : [])];
  });
  return `${lines.join("\n")}\n`;
}

function stamped(line: string, style: LogStyle, atMs: number): string {
  const [, level, text] = /^([IWED]): (.*)$/.exec(line) ?? [];
  if (style !== "time stamps" || level === undefined || text === undefined) return line;
  return `[00:00:00.${String(atMs).padStart(3, "0")},000] <${LEVELS[level] ?? "inf"}> mcuboot: ${text}`;
}

/** An image list as mcumgr prints it. */
export function toldList(slots: readonly SlotSeen[]): string {
  const entries = slots.map(({ image, slot, version, ...flags }) => {
    const on = (["active", "confirmed", "pending", "permanent"] as const).filter((name) => flags[name]);
    return ` image=${image} slot=${slot}\n    version: ${version ?? "?"}\n    bootable: true\n    flags: ${on.join(" ")}\n`;
  });
  return `Images:\n${entries.join("")}Split status: N/A (0)\n`;
}
