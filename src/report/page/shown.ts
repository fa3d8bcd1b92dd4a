import type { ReadEvent, ReadResult } from "./recorded-event.ts";
import type { PageUpload, RunPage, TimesOf } from "./run-page.ts";

/** Points of one upload, and notes of one run, that a page keeps. */
const POINTS_MAX = 500;
const NOTES_MAX = 500;
/** Phases that a page draws: status writes between copies make many short ones. */
const PHASES_MAX = 200;

type Of<N extends ReadEvent["event"]> = Extract<ReadEvent, { event: N }>;

type Told = Pick<
  RunPage,
  | "scenario"
  | "board"
  | "profile"
  | "seed"
  | "images"
  | "preflight"
  | "phases"
  | "reference"
  | "calibration"
  | "cutsPlanned"
  | "notes"
  | "uploads"
  | "times"
  | "wear"
  | "notShown"
>;

/** Durations of a run that are worth a look, by what they run from and to. */
const TIMES = [
  { name: "reset to first log byte", about: "after the answer to the reset command" },
  { name: "power on to first byte", about: "after the command that switched power on" },
  { name: "power off to last byte", about: "after the command, of boards that were sending: the switch's latency" },
  { name: "upload", about: "from the first chunk to the last answer" },
  { name: "swap without a cut", about: "from the swap's first to its last line" },
] as const;

type TimeName = (typeof TIMES)[number]["name"];

/** Gathers what a page shows of a run besides its verdicts, as its events come. */
export class ShownFacts {
  result: ReadResult | undefined;
  #started: Of<"run-started"> | undefined;
  #built: Of<"images-built"> | undefined;
  #preflight: Of<"preflight">["checks"] = [];
  #reference: Of<"reference"> | undefined;
  #plan: Of<"plan"> | undefined;
  #calibration: Of<"calibration"> | undefined;
  #wear: Of<"wear"> | undefined;
  readonly #notes: RunPage["notes"][number][] = [];
  readonly #uploads: PageUpload[] = [];
  #upload: { readonly beganUs: number; points: [number, number][] } | undefined;
  readonly #times = new Map<TimeName, number[]>(TIMES.map(({ name }) => [name, []]));
  #resetUs: number | undefined;
  #isTorn = false;

  take(event: ReadEvent): void {
    switch (event.event) {
      case "run-started":
        this.#started = event;
        break;
      case "images-built":
        this.#built = event;
        break;
      case "preflight":
        this.#preflight = event.checks;
        break;
      case "reference":
        this.#reference = event;
        this.#times.get("swap without a cut")?.push(event.swapUs);
        break;
      case "plan":
        this.#plan = event;
        break;
      case "calibration":
        this.#calibration = event;
        break;
      case "wear":
        if (this.#wear === undefined || event.spent >= this.#wear.spent) this.#wear = event;
        break;
      case "run-finished":
        this.result = event.result;
        break;
      default:
        this.#takeUpload(event);
        this.#takeTimes(event);
        this.#takeNote(event);
    }
  }

  page(): Told {
    const images = this.#built?.images ?? [];
    return {
      scenario: this.#started?.scenario ?? "unknown scenario",
      board: this.#started?.board ?? "unknown board",
      profile: this.#started?.profile,
      seed: this.#started?.seed,
      images: images.map(({ role, core, ...image }) => ({
        ...image,
        role: core === undefined ? role : `${role}, network core`,
      })),
      preflight: this.#preflight,
      phases: joinedPhases(this.#plan?.phases ?? []),
      reference: this.#reference,
      calibration: this.#calibration,
      cutsPlanned: this.#cutsPlanned,
      notes: this.#notes,
      uploads: this.#uploads,
      times: TIMES.map(({ name, about }): TimesOf => ({ name, about, valuesUs: this.#times.get(name) ?? [] })).filter(
        ({ valuesUs }) => valuesUs.length > 0,
      ),
      wear: this.#wear,
      notShown: this.#notShown(),
    };
  }

  get #cutsPlanned(): number {
    const cuts = this.#plan?.cuts ?? 0;
    return typeof cuts === "number" ? cuts : cuts.length;
  }

  #takeUpload(event: ReadEvent): void {
    if (event.event === "upload-started") this.#upload = { beganUs: event.atUs, points: [[0, 0]] };
    if (event.event === "upload-progress" && this.#upload !== undefined) {
      const { points, beganUs } = this.#upload;
      points.push([event.atUs - beganUs, event.sentBytes]);
      if (points.length >= POINTS_MAX * 2) this.#upload.points = points.filter((_, at) => at % 2 === 0);
    }
    if (event.event !== "upload-finished" || this.#upload === undefined) return;
    const { version, bytes, durationUs, limitBytesPerS } = event;
    const points = [...this.#upload.points, [durationUs, bytes] as [number, number]];
    this.#times.get("upload")?.push(durationUs);
    const upload = { version, bytes, durationUs, limitBytesPerS, points };
    const [first, slowest] = this.#uploads;
    if (first === undefined) this.#uploads.push(upload);
    else if (durationUs > (slowest ?? first).durationUs) this.#uploads[1] = upload;
    this.#upload = undefined;
  }

  #takeTimes(event: ReadEvent): void {
    if (event.event === "reset") this.#resetUs = event.answeredUs;
    if (event.event === "boot-log" && this.#resetUs !== undefined) {
      this.#times.get("reset to first log byte")?.push(event.atUs - this.#resetUs);
      this.#resetUs = undefined;
    }
    if (event.event === "power") this.#resetUs = undefined;
    if (event.event !== "verdict" || event.verdict.cut === undefined) return;
    const { offSentUs, lastByteUs, onSentUs, firstByteUs, planned } = event.verdict.cut;
    // A board that was silent when power went says nothing about the switch.
    if (lastByteUs !== undefined && lastByteUs >= offSentUs)
      this.#times.get("power off to last byte")?.push(lastByteUs - offSentUs);
    if (firstByteUs !== undefined) this.#times.get("power on to first byte")?.push(firstByteUs - onSentUs);
    if (planned.kind === "operation" && !Number.isInteger(planned.operation)) this.#isTorn = true;
  }

  #takeNote(event: ReadEvent): void {
    const text = noteText(event);
    if (text === undefined || this.#notes.length >= NOTES_MAX) return;
    this.#notes.push({ atUs: event.atUs, kind: event.event, text });
  }

  #notShown(): readonly string[] {
    const planned = this.#plan?.cuts ?? [];
    const cuts = typeof planned === "number" ? [] : planned;
    const isCut = this.#cutsPlanned > 0;
    const images = this.#built?.images ?? [];
    return [
      ...(!isCut ? ["What a power cut does: this run made none."] : []),
      ...(this.#isTorn || !isCut
        ? []
        : [
            "Flash operations that were torn in their middle on purpose: on a board a cut may tear one, and nobody sees which.",
          ]),
      ...(cuts.every(({ following }) => following === undefined) && isCut
        ? ["Several cuts in one upgrade: each cut was followed by an undisturbed boot."]
        : []),
      ...(images.every(({ core }) => core === undefined)
        ? ["The network core: no image of it was part of this run."]
        : []),
      ...(images.every(({ encrypted }) => !encrypted) && images.length > 0
        ? ["Encrypted images: those of this run were not."]
        : []),
      "Moments between the cuts: the cut map shows which parts of the swap had none.",
      "Files and settings that the application keeps in flash: nothing here looks at them.",
    ];
  }
}

function noteText(event: ReadEvent): string | undefined {
  switch (event.event) {
    case "warning":
      return event.text;
    case "failure":
      return `${event.kind}: ${event.text}`;
    case "infra-retry":
      return `the bench failed and is tried again, ${event.retry} of ${event.of}: ${event.kind}: ${event.text}`;
    case "recovery":
      return `found ${event.found}; ${event.step}: ${event.worked ? "worked" : "did not help"}; ${event.outcome}`;
    case "cut-void":
      return `cut ${event.index} is void: ${event.reason}${event.again ? "; it is made again" : ""}`;
    default:
      return undefined;
  }
}

/** A phase that comes in pieces is one; what is still too many is cut off. */
function joinedPhases(phases: RunPage["phases"]): RunPage["phases"] {
  const out: { name: string; fromUs: number; toUs: number }[] = [];
  for (const phase of phases) {
    const last = out.at(-1);
    if (last?.name === phase.name) last.toUs = phase.toUs;
    else out.push({ ...phase });
  }
  return out.slice(0, PHASES_MAX);
}
