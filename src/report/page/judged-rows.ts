import { type PlannedCut, subjectOf } from "../../campaign/index.ts";
import { seconds } from "../format.ts";
import { CaseNames, momentText } from "../junit-names.ts";
import type { CurrentBin } from "./current-trace.ts";
import type { FlashUpTo } from "./flash-trace.ts";
import type { ReadCut, ReadEvent, ReadExchange, ReadSlot, ReadVerdict } from "./recorded-event.ts";
import type { JudgedRow, Lanes, PageCut, PageSlot } from "./run-page.ts";
import type { TextTable } from "./text-table.ts";

/**
 * Lines of one lane of one verdict: a board that sends without end (a boot loop) shows its first and its last. The
 * middle is in the record.
 */
const LANE_ENDS = 60;
/** Characters of a run's texts: a board that says something else each time leaves later lanes in the record. */
const LANE_CHARS_MAX = 32_000_000;
/** Of the body of an exchange. */
const BODY_CHARS = 200;

/** One lane as it grows: bounded, the first and the last entries kept. */
class Lane<T> {
  #first: T[] = [];
  #last: T[] = [];
  #passed = 0;

  add(entry: T): void {
    if (this.#first.length < LANE_ENDS) {
      this.#first.push(entry);
      return;
    }
    this.#last.push(entry);
    if (this.#last.length <= LANE_ENDS * 2) return;
    this.#passed += this.#last.length - LANE_ENDS;
    this.#last = this.#last.slice(-LANE_ENDS);
  }

  /** What was kept, and how many entries in the middle were not. */
  take(): { readonly first: readonly T[]; readonly passed: number; readonly last: readonly T[] } {
    const extra = Math.max(0, this.#last.length - LANE_ENDS);
    const taken = { first: this.#first, passed: this.#passed + extra, last: this.#last.slice(extra) };
    this.#first = [];
    this.#last = [];
    this.#passed = 0;
    return taken;
  }
}

interface Line {
  readonly atUs: number;
  readonly text: string;
}

/** Makes a row of each verdict of a record, with what happened around it, as its events and exchanges come. */
export class JudgedRows {
  readonly rows: JudgedRow[] = [];
  readonly #texts: TextTable;
  readonly #keepsLane: (verdict: ReadVerdict) => boolean;
  readonly #names = new CaseNames();
  readonly #power = new Lane<{ readonly atUs: number; readonly on: 0 | 1 }>();
  readonly #uart = new Lane<Line>();
  readonly #smp = new Lane<Line>();
  #current: readonly CurrentBin[] = [];
  #flash: FlashUpTo | undefined;
  #before: readonly ReadSlot[] = [];
  #fromUs = 0;

  /** @param keepsLane whether the next verdict's row gets what happened around it; default: every one. */
  constructor(texts: TextTable, keepsLane: (verdict: ReadVerdict) => boolean = () => true) {
    this.#texts = texts;
    this.#keepsLane = keepsLane;
  }

  take(event: ReadEvent): void {
    this.#names.take(event);
    switch (event.event) {
      case "power":
        this.#power.add({ atUs: event.sentAtUs, on: event.state === "on" ? 1 : 0 });
        break;
      case "boot-log":
        this.#uart.add({ atUs: event.atUs, text: event.text });
        break;
      case "image-state":
        this.#before = this.#before.length === 0 ? event.images : this.#before;
        break;
      case "cut-started":
        this.#begin(event.atUs);
        break;
      case "verdict":
        this.rows.push(this.#row(event.verdict, event.atUs));
        this.#begin(event.atUs);
        break;
      default:
    }
  }

  exchanged(exchange: ReadExchange): void {
    this.#smp.add({ atUs: exchange.atUs, text: exchangeText(exchange) });
  }

  /** What the board took since this verdict's time began. */
  measured(current: readonly CurrentBin[]): void {
    this.#current = current;
  }

  /** What the flash did since the verdict before. */
  flashed(done: FlashUpTo | undefined): void {
    this.#flash = done;
  }

  #begin(atUs: number): void {
    for (const lane of [this.#power, this.#uart, this.#smp]) lane.take();
    this.#current = [];
    this.#flash = undefined;
    this.#before = [];
    this.#fromUs = atUs;
  }

  #row(verdict: ReadVerdict, atUs: number): JudgedRow {
    const texts = this.#texts;
    const { check, pass, ending, from, to, where, swapPhase, expected, found, because, boots, cut } = verdict;
    const subject = subjectOf(check);
    const slots = (all: readonly ReadSlot[]) => all.map((slot) => this.#slot(slot));
    return {
      check,
      name: subject === undefined ? check : this.#names.next({ subject, from, to, swapPhase, cut }),
      pass,
      ending: texts.numberOf(ending),
      from: texts.numberOf(from),
      to: texts.numberOf(to),
      where: texts.ifAny(where),
      phase: texts.ifAny(swapPhase),
      expected: texts.numberOf(expected),
      found: texts.numberOf(found),
      because: texts.numberOf(because),
      allowed: verdict.allowed.map((row) => [
        texts.numberOf(row.ending),
        texts.numberOf(row.expects),
        texts.numberOf(row.because),
      ]),
      boots,
      before: slots(this.#before),
      slots: slots(verdict.slots),
      cut: cut === undefined ? undefined : this.#cut(cut),
      fromUs: this.#fromUs,
      toUs: atUs,
      lane: this.#keepsLane(verdict) && texts.chars < LANE_CHARS_MAX ? this.#lanes() : undefined,
    };
  }

  #slot({ image, slot, version, flags, hash }: ReadSlot): PageSlot {
    const texts = this.#texts;
    return {
      image,
      slot,
      version: texts.numberOf(version),
      flags: texts.numberOf(flags.join(", ")),
      hash: texts.ifAny(hash),
    };
  }

  #cut(cut: ReadCut): PageCut {
    const planned: PlannedCut = cut.planned;
    return {
      index: planned.index,
      planned: this.#texts.numberOf(momentText(planned)),
      plannedUs: planned.kind === "time" ? cut.resetAnsweredUs + planned.afterResetUs : undefined,
      resetUs: cut.resetAnsweredUs,
      offUs: cut.offSentUs,
      cutUs: cut.cutUs,
      lastByteUs: cut.lastByteUs,
      onUs: cut.onSentUs,
      firstByteUs: cut.firstByteUs,
      intoSwapUs: cut.intoSwapUs,
    };
  }

  #lanes(): Lanes {
    const from = this.#fromUs;
    const lines = ({ first, passed, last }: ReturnType<Lane<Line>["take"]>) => {
      const gap = passed === 0 ? [] : [{ atUs: last[0]?.atUs ?? from, text: `… ${passed} more lines in the record …` }];
      return [...first, ...gap, ...last].map(({ atUs, text }) => [atUs - from, this.#texts.numberOf(text)] as const);
    };
    const power = this.#power.take();
    return {
      power: [...power.first, ...power.last].map(({ atUs, on }) => [atUs - from, on] as const),
      uart: lines(this.#uart.take()),
      smp: lines(this.#smp.take()),
      ...(this.#current.length > 0 && {
        current: this.#current.map(([atUs, least, most]) => [atUs - from, least, most] as const),
      }),
      ...(this.#flash && { flash: flashSince(this.#flash, from) }),
    };
  }
}

/** What of it belongs to this verdict, on its axis. */
function flashSince({ rows, passed }: FlashUpTo, from: number): Lanes["flash"] {
  const own = rows.filter(([, , , , toUs]) => toUs >= from);
  return {
    rows: own.map(([kind, first, last, fromUs, toUs, count]) => {
      return [kind, first, last, Math.max(0, fromUs - from), toUs - from, count] as const;
    }),
    passed,
  };
}

/** One exchange in a line: number, sizes and times are left out, as they would make each text another one. */
function exchangeText({ smp, command, op, requests, off, waitedUs, why, body }: ReadExchange): string {
  if (smp === "chunks") return `${command}: ${requests ?? 0} chunks, offset ${off?.from ?? 0} to ${off?.to ?? 0}`;
  if (smp === "no answer") return `${command}: no answer in ${seconds(waitedUs ?? 0)}`;
  const what = `${command}${op === undefined ? "" : ` ${op}`}`;
  if (smp === "dropped") return `${what}: dropped, ${why ?? "unknown"}`;
  const mark = smp === "request" ? "→" : "←";
  return `${mark} ${what} ${JSON.stringify(body ?? {}).slice(0, BODY_CHARS)}`;
}
