import type { BootLine } from "../../board/index.ts";
import { compilePattern, isKind, sleep } from "../../core/index.ts";
import { customCommand } from "../../smp/index.ts";
import type { BootSeen } from "../record/facts.ts";
import type { NetworkImage } from "../request/images.ts";
import type { NetworkReport } from "../verdict/check.ts";
import type { RecordedBoard } from "./recorded-board.ts";

/** From the application's first answer to the network core's line: so long it is waited for, in milliseconds. */
const REPORT_MS = 3_000;
const ASK_EVERY_MS = 100;
/** Lines after which nothing of an earlier network application can come: the bootloader lets go of the core. */
const RELEASE: readonly string[] = ["jumping", "chainload"];
/** Lines with which an application begins. */
const BANNERS: readonly string[] = ["banner", "os banner"];

/** What was asked of the network core. */
interface NetworkRequest {
  readonly from: NetworkImage | undefined;
  readonly to: NetworkImage;
  /** It is to be taken; else refused. */
  readonly updates: boolean;
  readonly askedUs: number;
}

/**
 * What the network core of a board is to run, from the last request on: an update of it is never reverted, so that also
 * later boots must show it.
 */
export class NetworkWatch {
  readonly #optional: boolean;
  #request: NetworkRequest | undefined;

  /** @param optional nothing told of the network core is no failure. */
  constructor(optional: boolean) {
    this.#optional = optional;
  }

  /** An image of it was asked for. */
  asked(request: NetworkRequest): void {
    this.#request = request;
  }

  /** What tells of it after a boot; undefined as long as nothing was asked of it. */
  async report(recorded: RecordedBoard, seen: BootSeen): Promise<NetworkReport | undefined> {
    if (this.#request === undefined) return undefined;
    const { from, to, updates, askedUs } = this.#request;
    const isUp = seen.ending === "up";
    const released = seen.lines.findLast(({ event = "" }) => RELEASE.includes(event)) ?? seen.lines.at(0);
    const sinceUs = released?.atUs ?? seen.upUs ?? 0;
    const told = isUp ? ((await lineTold(recorded, sinceUs)) ?? (await smpTold(recorded))) : undefined;
    const { net, app } = recorded.board.logs;
    const alive = net?.since(sinceUs).find(({ event = "" }) => BANNERS.includes(event))?.text;
    return { from, to, updates, told, log: copySeen(app.knownSince(askedUs)), alive, optional: this.#optional };
  }
}

/** A version that a UART tells after a boot: the network core's own, or the application's. */
async function lineTold({ board, signal }: RecordedBoard, sinceUs: number): Promise<NetworkReport["told"]> {
  const { net, app } = board.profile.ports;
  const sources = [
    { log: board.logs.net, pattern: net?.version, by: "its UART" },
    { log: board.logs.app, pattern: app.networkVersion, by: "the application's log" },
  ].flatMap(({ log, pattern, by }) => {
    return log === undefined || pattern === undefined ? [] : [{ log, pattern: compilePattern(pattern), by }];
  });
  if (sources.length === 0) return undefined;
  for (let waitedMs = 0; ; waitedMs += ASK_EVERY_MS) {
    for (const { log, pattern, by } of sources) {
      const values = log.since(sinceUs).map((line) => pattern.captured(line.text, "version"));
      const value = values.findLast((text) => text !== undefined);
      if (value !== undefined) return { value, by };
    }
    if (waitedMs >= REPORT_MS) return undefined;
    await sleep(board.clock, ASK_EVERY_MS, signal);
  }
}

/** A version that the application tells over SMP. */
async function smpTold({ board, signal }: RecordedBoard): Promise<NetworkReport["told"]> {
  const { networkVersion } = board.profile.smp;
  if (networkVersion === undefined) return undefined;
  try {
    if ("info" in networkVersion) {
      const text = await board.smp.osInfo(networkVersion.format, { signal });
      const value = compilePattern(networkVersion.info).captured(text, "version");
      return value === undefined ? undefined : { value, by: "the application's OS info" };
    }
    const { group, command: id, field } = networkVersion;
    const row = customCommand({ group, id, op: "read" });
    // A question for a version may be asked again, whatever the command of the application.
    const { "*": answer } = await board.smp.session.request(row, { "*": {} }, { signal, retries: 3 });
    const isMap = typeof answer === "object" && answer !== null;
    const value: unknown = isMap ? Object.entries(answer).find(([name]) => name === field)?.[1] : undefined;
    const isTold = typeof value === "string" || typeof value === "number" || typeof value === "bigint";
    return isTold ? { value: String(value), by: `SMP group ${group}, command ${id}` } : undefined;
  } catch (error) {
    // An application without that command tells nothing.
    if (isKind(error, "protocol")) return undefined;
    throw error;
  }
}

/** What the log since a request says of the copy to the network core: the last word counts. */
export function copySeen(lines: readonly Pick<BootLine, "event" | "fields" | "text">[]): NetworkReport["log"] {
  let begun = false;
  let seen: NetworkReport["log"];
  for (const { event, fields, text } of lines) {
    const line = text.replace(/^[IWED]: /, "");
    if (event === "starting bootloader") begun = false;
    // A bootloader for several images numbers them from nRF Connect SDK 2.5 on.
    if (event === "upgrading") begun = (fields["image"] ?? "1") === "1";
    if (event === "net core update started") begun = true;
    if (begun && (event === "net core off" || event === "net core update done")) seen = { copied: true, line };
    if (begun && event === "net core update failed") seen = { copied: false, line };
    if (event === "insufficient version") seen = { copied: false, line };
  }
  return seen;
}
