import {
  type Board,
  type BoardProfile,
  deviceArea,
  firstChunkMs,
  flashTimingOf,
  smpBaudRate,
} from "../../board/index.ts";
import { BenchError, fromHex, hex, sleep } from "../../core/index.ts";
import { timingAt } from "../../mcuboot/index.ts";
import type { SmpTransport } from "../../smp/index.ts";
import type { BootSeen, SlotState } from "../record/facts.ts";
import type { EventSink } from "../record/run-event.ts";
import { requireEncryptionPolicy } from "../request/encryption-policy.ts";
import type { CampaignImage } from "../request/images.ts";
import { flagsOf } from "../verdict/slots.ts";
import { BenchWatch, VoidError } from "./bench-watch.ts";
import { memoryOf } from "./boot-memory.ts";
import { type BootStart, isBootSign, watchBoot } from "./boot-watch.ts";

/** So many packets of one upload sent again are worth a word. */
const RETRIES_TOLD = 5;

type BootExpected = BootStart extends infer S ? (S extends BootStart ? Omit<S, "sinceUs"> : never) : never;
/** Nothing was done that starts the board: whoever answers will do. */
const ASKED: BootExpected = { kind: "asked" };

/**
 * The acts of a campaign on a board, each recorded. One campaign has one of them.
 *
 * Every act throws TimeoutError when the board does not answer, ProtocolError when it refuses, BenchError when port or
 * switch fail, and the signal's reason.
 */
export class RecordedBoard {
  readonly board: Board;
  readonly record: EventSink;
  readonly signal: AbortSignal;
  /** Whether the bench is whole. */
  readonly bench: BenchWatch;
  /** How long the last "off" took until the switch had it, in microseconds: a cut is sent that much earlier. */
  commandUs = 0;
  /** What the boot that comes next is expected from. */
  #start: BootExpected = ASKED;
  #isOff = false;
  /** A boot of this board has shown in its log. */
  #talks = false;
  /** So has the bootloader's first line. */
  #startsShow = false;

  constructor(board: Board, record: EventSink, signal: AbortSignal) {
    this.board = board;
    this.record = record;
    this.signal = signal;
    this.bench = new BenchWatch(board);
  }

  get nowUs(): number {
    return this.board.clock.nowUs();
  }

  /**
   * The image list as the board tells it.
   * @throws TimeoutError when it does not answer; ProtocolError when it refuses, or its answer is none.
   */
  async imageState(): Promise<readonly SlotState[]> {
    const { images } = await this.board.smp.imageState({ signal: this.signal });
    const slots = images.map((entry) => ({
      image: entry.image,
      slot: entry.slot,
      version: entry.version,
      hash: entry.hash && hex(entry.hash),
      flags: flagsOf(entry),
    }));
    this.record.event({ atUs: this.nowUs, event: "image-state", images: slots });
    return slots;
  }

  /**
   * Sends an image to the secondary slot of a pair.
   * @param options.imageNumber the pair, from 0 (the application's).
   * @param options.onTaken is told of each answer: so many bytes are taken.
   * @throws ConfigurationError, before a byte is sent, for an image that the profile's encryption policy forbids;
   *   TimeoutError and ProtocolError as the upload ends.
   */
  async upload(
    image: CampaignImage,
    { imageNumber = 0, onTaken }: { readonly imageNumber?: number; readonly onTaken?: (bytes: number) => void } = {},
  ): Promise<void> {
    const { board, record } = this;
    requireEncryptionPolicy(image.file, image.version, board.profile);
    record.event({ atUs: this.nowUs, event: "upload-started", version: image.version, totalBytes: image.file.length });
    const startUs = this.nowUs;
    let firstBytes: number | undefined;
    const { bufferBytes } = await board.smp.params({ signal: this.signal });
    const done = await board.smp.upload(image.file, {
      signal: this.signal,
      ...(imageNumber !== 0 && { image: imageNumber }),
      imageHash: fromHex(image.hash),
      firstChunkMs: firstChunkMs(board.profile),
      chunkMs: board.profile.timeoutsMs.uploadChunk,
      onProgress: ({ sentBytes, totalBytes }) => {
        firstBytes ??= sentBytes;
        onTaken?.(sentBytes);
        record.event({ atUs: this.nowUs, event: "upload-progress", sentBytes, totalBytes });
      },
    });
    const { lostOneIn, packetBytes } = done;
    if (lostOneIn !== undefined && done.retries >= RETRIES_TOLD) {
      const text = `the line loses 1 in ${lostOneIn} of the lines of an upload: ${done.retries} packets were sent again`;
      record.event({ atUs: this.nowUs, event: "warning", text: `${text}, in packets of down to ${packetBytes} bytes` });
    }
    record.event({
      atUs: this.nowUs,
      event: "upload-finished",
      version: image.version,
      bytes: image.file.length,
      durationUs: this.nowUs - startUs,
      eraseUs: done.firstChunkUs,
      firstBytes: firstBytes ?? 0,
      alreadyPresent: done.alreadyPresent,
      limitBytesPerS: uploadLimit(smpLineOf(board), bufferBytes, flashByteUs(board.profile)),
    });
  }

  /** Marks the image in the secondary slot for a test swap. */
  async requestTest(image: CampaignImage): Promise<void> {
    await this.request(image, false);
  }

  /**
   * Marks the image in the secondary slot: for a test, or for good.
   * @throws TimeoutError, ProtocolError: also for an image that the board does not list.
   */
  async request(image: CampaignImage, permanent: boolean): Promise<void> {
    await this.board.smp.setImageState({ hash: fromHex(image.hash), confirm: permanent }, { signal: this.signal });
    this.record.event({ atUs: this.nowUs, event: "set-pending", version: image.version });
  }

  /** Confirms the image that runs; its version is written down. */
  async confirm({ version }: { readonly version: string }): Promise<void> {
    await this.board.smp.setImageState({ confirm: true }, { signal: this.signal });
    this.record.event({ atUs: this.nowUs, event: "confirmed", version });
  }

  /**
   * Resets by command.
   * @returns when the answer came, in microseconds on the bench's clock.
   * @throws TimeoutError when none comes; ProtocolError when the board refuses.
   */
  async reset(): Promise<number> {
    const { board, signal } = this;
    this.#talks ||= board.logs.app.knownSince(0).some(isBootSign);
    // A board whose log shows no boots is asked what it will have forgotten when it has booted.
    const memory = this.#talks ? {} : await memoryOf(board, signal);
    await board.smp.reset({ signal });
    const answeredUs = this.nowUs;
    this.#start = { kind: "reset", talks: this.#talks, memory };
    this.record.event({ atUs: answeredUs, event: "reset", answeredUs });
    return answeredUs;
  }

  /**
   * Switches the board's supply.
   * @returns when the switch had taken the command, in microseconds on the bench's clock.
   * @throws BenchError for a switch that refuses, is silent, or says that it did not obey.
   */
  async power(state: "on" | "off"): Promise<number> {
    const askedUs = this.nowUs;
    const { sentAtUs } = await this.board.power.set(state, { signal: this.signal });
    if (state === "off") {
      this.commandUs = sentAtUs - askedUs;
      this.bench.tookForOff(this.commandUs);
      this.#isOff = true;
    } else {
      this.#start = this.#isOff ? { kind: "power" } : ASKED;
      this.#isOff = false;
    }
    this.record.event({ atUs: this.nowUs, event: "power", state, sentAtUs });
    return sentAtUs;
  }

  /** Off, the profile's off time, on, and up again. */
  async cycle(limitMs: number): Promise<BootSeen> {
    await this.power("off");
    await sleep(this.board.clock, this.board.profile.power.offMs, this.signal);
    return this.untilUp(await this.power("on"), limitMs);
  }

  /** Power was taken away by the switch itself. */
  lostPower(): void {
    this.#isOff = true;
  }

  /**
   * Waits until the application answers after a reset or a power-on at `sinceUs`: one that was started after it. Does
   * not throw when it never does: what a board that stays silent means is the caller's to judge.
   */
  async untilUp(sinceUs: number, limitMs: number): Promise<BootSeen> {
    const start: BootStart = { ...this.#start, sinceUs };
    this.#start = ASKED;
    const seen = await watchBoot(this.board, start, limitMs, this.signal);
    if (start.kind === "power" && this.#talks && seen.ending === "no boot") await this.#requirePower(sinceUs, limitMs);
    if (start.kind === "power") this.bench.cameBack(sinceUs, seen.lines);
    if (start.kind === "reset" && seen.ending === "up") this.#requireLog(seen);
    if (seen.lines.some(isBootSign)) this.#talks = true;
    if (start.kind === "power") this.#startsShow ||= seen.boots > 0;
    if (start.kind !== "asked") {
      const { ending, boots, evidence } = seen;
      this.record.event({
        atUs: this.nowUs,
        event: "boot-seen",
        ending,
        boots,
        evidence: evidence?.kind ?? "none",
        text: evidence?.text ?? seen.because,
      });
    }
    return seen;
  }

  /** A bootloader that has said when it starts says so every time: else something of the log was lost. */
  #requireLog({ boots }: BootSeen): void {
    if (boots === 0 && this.#startsShow) {
      const text = `the bootloader's first line is missing in the log of ${this.board.name}, which had it before`;
      this.bench.doubt(`${text}: the port lost bytes`, "Look at uart/app.rx of the run, and at `hil doctor`.");
    }
    this.#startsShow ||= boots > 0;
  }

  /**
   * A board whose bootloader talks, and of which not one byte came after "on": whether it had power is not known. It
   * is switched off and on once more.
   * @throws VoidError when it talks then; BenchError when it does not.
   */
  async #requirePower(sinceUs: number, limitMs: number): Promise<void> {
    const { board, signal } = this;
    if ((board.logs.app.lastByteUs ?? -1) >= sinceUs) return;
    await this.power("off");
    await sleep(board.clock, board.profile.power.offMs, signal);
    const onUs = await this.power("on");
    this.#start = ASKED;
    await watchBoot(board, { kind: "power", sinceUs: onUs }, limitMs, signal);
    if ((board.logs.app.lastByteUs ?? -1) >= onUs) {
      const text = `nothing came from ${board.name} after "on", and after another "off" and "on" it talked`;
      throw new VoidError(
        `${text}: the switch had not given it power.`,
        "Check the switch, its contact and its wiring.",
      );
    }
    board.check();
    throw new BenchError(
      `nothing comes from ${board.name} after "on", twice: its bootloader has talked before.`,
      "Check the switch, the supply and the cable of its UART. A board whose bootloader is gone looks the same.",
    );
  }
}

/** Header, map and keys of a chunk besides its data, and the answer's packet, in bytes. Counted on our own packets. */
const CHUNK_EXTRA_BYTES = 26;
const ANSWER_BYTES = 17;
/** Programming one byte of the flash that uploads go to, in microseconds: on the nRF5340's own, 43 for a word of 4. */
function flashByteUs(profile: BoardProfile): number {
  const { unitUs, unitBytes } = timingAt(flashTimingOf(profile), deviceArea(profile.slots.secondary).offset);
  return unitUs / unitBytes;
}

/** What SMP's packets go over. */
interface SmpLine extends Pick<SmpTransport, "wireBytes" | "overheadBytes"> {
  /** Bits a second; undefined of a network, which is taken to cost no time. */
  readonly baudRate: number | undefined;
}

function smpLineOf({ profile, smp }: Board): SmpLine {
  const { transport } = smp.session;
  const wireBytes = (bytes: number) => transport.wireBytes(bytes);
  const { smp: port } = profile.ports;
  // Over the air the adapter's UART is the narrowest place that is known.
  const baudRate = port && "ble" in port ? port.baudRate : smpBaudRate(profile);
  return { overheadBytes: transport.overheadBytes, wireBytes, baudRate };
}

/**
 * Bytes of an image a second that line and flash allow with one chunk in flight: the chunk on the line, then in the
 * flash, then its answer on the line, and no time lost in between.
 * @param bufferBytes the server's buffer: the largest packet with what frames it.
 * @param byteUs time that the flash takes for a byte, in microseconds.
 */
export function uploadLimit(line: SmpLine, bufferBytes: number, byteUs: number): number {
  const packetBytes = bufferBytes - line.overheadBytes;
  const dataBytes = packetBytes - CHUNK_EXTRA_BYTES;
  const wireBytes = line.wireBytes(packetBytes) + line.wireBytes(ANSWER_BYTES);
  const lineUs = line.baudRate === undefined ? 0 : (wireBytes * 10_000_000) / line.baudRate;
  return (dataBytes * 1_000_000) / (lineUs + dataBytes * byteUs);
}
