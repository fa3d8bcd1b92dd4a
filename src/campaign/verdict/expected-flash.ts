import { defined, LruCache, roundUp } from "../../core/index.ts";
import {
  type Area,
  type BootloaderBuild,
  type BootResult,
  confirm,
  contentBefore,
  erasesOf,
  FlashContent,
  type FlashOperation,
  type FlashTiming,
  type ImageEntry,
  imageListOf,
  isOperation,
  type LegalOutcome,
  legalOutcomes,
  modeOf,
  operationDurationUs,
  type RunningBootloader,
  recoveryUploadSteps,
  runSteps,
  type Slot,
  type Steps,
  setPending,
  slotsThatRun,
  statesAfterCut,
  type Timeline,
  timeline,
  timelinesOf,
  UPLOAD_BLOCK_BYTES,
  uploadOffset,
  uploadSteps,
} from "../../mcuboot/index.ts";
import { type CutSpan, type Span, windowIn } from "./cut-window.ts";
import { flashBytesOf, keepBootloader, loadBootloader } from "./flash-layout.ts";
import { slotBeside } from "./slots.ts";

const TIMELINES_MAX = 8;

/** What of an image comes into a flash. */
interface ImageToFlash {
  readonly hash: string;
  /** As it is uploaded, to the secondary slot. */
  readonly file: Uint8Array;
  /** As it lies in the primary slot once it is installed. */
  readonly plain: Uint8Array;
  /** What a debugger puts into the primary slot; `plain` without it. */
  readonly flashed?: Uint8Array;
}

/**
 * What the flash of the board must hold, worked out by the model from everything that was done to the board. The judge
 * asks it; the board never does. When a verdict failed, the flash is not known any more: `place` starts anew.
 */
export class ExpectedFlash {
  readonly build: BootloaderBuild;
  readonly timing: FlashTiming;
  readonly startSlot: Slot;
  flash: FlashContent;
  /** The slot that runs; the primary one, unless images run in place. */
  #running: Slot = 0;
  readonly #erased: number[] = [];
  /** A campaign asks about the same few contents again and again. */
  readonly #timelines = new LruCache<Timeline>(TIMELINES_MAX);

  readonly #networkBuild: BootloaderBuild | undefined;
  readonly #ownBuild: BootloaderBuild | undefined;

  /**
   * @param networkBuild the same bootloader as it hands images in the application's slots to the network core.
   * @param startSlot where the old image is put; the primary slot, unless the newest image runs from either.
   * @param ownBuild behind NSIB: the same bootloader as it takes updates of itself.
   */
  constructor(
    build: BootloaderBuild,
    timing: FlashTiming,
    networkBuild?: BootloaderBuild,
    startSlot: Slot = 0,
    ownBuild?: BootloaderBuild,
  ) {
    this.startSlot = startSlot;
    this.build = build;
    this.timing = timing;
    this.#networkBuild = networkBuild;
    this.#ownBuild = ownBuild;
    this.flash = FlashContent.erased(flashBytesOf(build), build.sectorBytes);
    if (build.nsib !== undefined) this.startsFrom({ half: "s0", version: 1 });
  }

  /** The slot that an upload goes to: the one that does not run. */
  get otherSlot(): Slot {
    return slotBeside(this.#running);
  }

  /** The slot that the old image does not start from. */
  get otherStartSlot(): Slot {
    return slotBeside(this.startSlot);
  }

  /** Device offset of the slot that runs. */
  get runningOffset(): number {
    return this.#running === 0 ? this.#slots.primary.offset : this.#slots.secondary.offset;
  }

  /** The newest image of the two slots runs, from either. */
  get inPlace(): boolean {
    return modeOf(this.build).newestRuns;
  }

  /** A board that runs `running` from its starting slot, confirmed, and whose other slot holds `waiting` or nothing. */
  place(running: ImageToFlash, waiting?: ImageToFlash): void {
    this.#running = this.startSlot;
    const before = this.flash;
    this.flash = FlashContent.erased(flashBytesOf(this.build), this.build.sectorBytes);
    keepBootloader(before, this.flash, this.build);
    this.flash.load(this.runningOffset, running.flashed ?? running.plain);
    // It has been started, which may have left a mark in its trailer.
    if (this.inPlace) this.adopt(this.timeline());
    if (waiting) this.put(waiting);
  }

  /** Behind NSIB: this MCUboot is started; see `loadBootloader`. */
  startsFrom(running: RunningBootloader): void {
    loadBootloader(this.flash, this.build, running);
  }

  /** Behind NSIB: this flash as a boot sees it that may update MCUboot itself. */
  ownView(): ExpectedFlash {
    if (this.#ownBuild === undefined) throw new RangeError("a board without NSIB");
    const view = new ExpectedFlash(this.#ownBuild, this.timing);
    view.adopt(this);
    return view;
  }

  /**
   * A board that took this image out of its secondary slot: as `place`, and the erases of that swap count. Nobody knows
   * what ran before; an image of the same length, say.
   */
  tookBaseline(image: ImageToFlash): void {
    this.place(image, image);
    this.request(false);
    this.#erased.push(...this.timeline().operations.flatMap((step) => this.#pagesOf(step.operation)));
    this.place(image);
  }

  /** The slot that does not run holds this image, and nothing is asked for. */
  put(image: ImageToFlash): void {
    const { offset, bytes } = this.#other;
    this.flash.load(offset, new Uint8Array(bytes).fill(0xff));
    this.flash.load(offset + uploadOffset(this.build), image.file);
  }

  /** The network core's images have slots of their own. */
  get hasNetworkSlot(): boolean {
    return this.build.images.length > 1;
  }

  /** How it tells for which core an image is, where one pair of slots serves both. */
  get networkRule(): { readonly name: string; readonly ncs: string } | undefined {
    return this.#networkBuild?.netCore?.rule;
  }

  /**
   * Where one pair of slots serves both cores: this flash as a boot sees it that may hand an image to the network core.
   * What that boot makes of it is adopted back. Undefined elsewhere.
   */
  networkView(): ExpectedFlash | undefined {
    if (this.#networkBuild === undefined) return undefined;
    const view = new ExpectedFlash(this.#networkBuild, this.timing);
    view.adopt(this);
    return view;
  }

  /** The network core's secondary slot holds this file, and nothing is asked for. */
  putNetwork(file: Uint8Array): void {
    const areas = this.build.images[1];
    if (areas === undefined) throw new RangeError("a bootloader without an image of the network core");
    this.flash.load(areas.secondary.offset, new Uint8Array(areas.secondary.bytes).fill(0xff));
    this.flash.load(areas.secondary.offset, file);
    this.#uploadErases(areas.secondary, file.length);
  }

  /** The network core's secondary slot holds this file, and it was asked for. */
  requestNetwork(file: Uint8Array): void {
    this.putNetwork(file);
    this.#run(setPending(this.flash, this.build, 1, false));
  }

  /** The image list of an application that runs now. */
  imageList(flash: FlashContent = this.flash): readonly ImageEntry[] {
    return imageListOf(flash, this.build, [this.#running]);
  }

  /** True when the model's other slot holds this image. */
  holds(image: ImageToFlash): boolean {
    return this.imageList().some((entry) => entry.slot === this.otherSlot && entry.hash === image.hash);
  }

  /** True when the bootloader would take this image out of the secondary slot, were it asked to. */
  takes(image: ImageToFlash): boolean {
    const asked = this.flash.snapshot();
    for (const step of this.requestSteps(asked, false)) if (isOperation(step)) asked.apply(step);
    const { images } = this.#timelineOf(asked);
    return images.some((entry) => entry.active && entry.hash === image.hash);
  }

  /** The image was written to the secondary slot: pages of the image and of the trailer were erased before. */
  uploaded(image: ImageToFlash): void {
    this.put(image);
    this.#uploadErases(this.#other, uploadOffset(this.build) + image.file.length);
  }

  /** Pages that an upload erases first: of the image, and the trailer's. A slot that is blank keeps them: not counted on. */
  #uploadErases({ offset, bytes }: Area, imageBytes: number): void {
    const { sectorBytes } = this.build;
    for (let at = 0; at < bytes; at += sectorBytes) {
      const isTrailer = at === bytes - sectorBytes;
      if (at < roundUp(imageBytes, sectorBytes) || isTrailer) this.#erased.push(offset + at);
    }
  }

  /** Serial recovery took this file into the primary slot, whole; an encrypted image is decrypted there. */
  takeInRecovery(file: Uint8Array): void {
    this.#run(recoveryUploadSteps(this.flash, this.build, file));
  }

  /** The flash operations of an upload there, and how long they take by the model, in microseconds. */
  recoveryWork(file: Uint8Array): { readonly operations: number; readonly flashUs: number } {
    const flash = this.flash.snapshot();
    let [operations, flashUs] = [0, 0];
    runSteps(recoveryUploadSteps(flash, this.build, file), flash, (step) => {
      if (!isOperation(step)) return;
      operations += 1;
      flashUs += operationDurationUs(step, this.timing);
    });
    return { operations, flashUs };
  }

  requestTest(): void {
    this.request(false);
  }

  /**
   * What the flash may hold when an upload of `image` loses power: one content for everything that an application may
   * list then, as it comes in order. Blocks that are not in the flash yet are lost, answered or not.
   * @param takenBytes how many bytes the board had answered for.
   */
  uploadStates(image: ImageToFlash, takenBytes: number): readonly FlashContent[] {
    const flash = this.flash.snapshot();
    const states = new Map<string, FlashContent>();
    const keep = () => {
      const shown = JSON.stringify(this.imageList(flash));
      if (!states.has(shown)) states.set(shown, flash.snapshot());
    };
    if (takenBytes === 0) keep();
    let writtenBytes = 0;
    const sureBytes = takenBytes - (takenBytes % UPLOAD_BLOCK_BYTES);
    for (const step of uploadSteps(flash, this.build, 0, image.file, this.otherSlot)) {
      if (!isOperation(step)) continue;
      flash.apply(step);
      if (step.kind === "write") writtenBytes += step.data.length;
      if (takenBytes === 0 || (step.kind === "write" && writtenBytes >= sureBytes)) keep();
    }
    return [...states.values()];
  }

  request(permanent: boolean): void {
    this.#run(this.requestSteps(this.flash, permanent));
  }

  /** What a request does to a flash; where images run in place and are never taken back, there is none. */
  requestSteps(flash: FlashContent, permanent: boolean): Steps<unknown> {
    return this.isAskable ? setPending(flash, this.build, 0, permanent, this.otherSlot) : nothing();
  }

  /** An application can be asked for the next image, and to confirm its own. */
  get isAskable(): boolean {
    return !this.inPlace || modeOf(this.build).takesBack;
  }

  confirm(): void {
    if (this.isAskable) this.#run(confirm(this.flash, this.build, 0, this.#running));
  }

  /** The next boot if it is undisturbed. */
  timeline(): Timeline {
    return this.#timelineOf(this.flash);
  }

  /**
   * Everything that MCUboot may make of a cut in this window of the next boot, microseconds from the first flash
   * operation; no window: the boot is not disturbed.
   */
  outcomes(window?: { readonly fromUs: number; readonly toUs: number }): readonly LegalOutcome[] {
    return legalOutcomes({
      flash: this.flash,
      build: this.build,
      timing: this.timing,
      ran: [this.#running],
      ...defined({ window }),
    });
  }

  /** Contents that cuts in boots in a row may have left, one window each; the windows as above. */
  statesAfter(windows: readonly CutSpan[]): readonly FlashContent[] {
    return windows.reduce<readonly FlashContent[]>(
      (contents, window) => distinct(contents.flatMap((flash) => statesAfterCut(this.#cut(flash, window)))),
      [this.flash],
    );
  }

  /** What MCUboot may make of cuts in boots in a row, the last boot undisturbed. */
  outcomesAfter(windows: readonly CutSpan[]): readonly LegalOutcome[] {
    const last = windows.at(-1);
    if (last === undefined) return this.outcomes();
    const contents = this.statesAfter(windows.slice(0, -1));
    return contents.flatMap((flash) => legalOutcomes(this.#cut(flash, last)));
  }

  /** What an undisturbed boot may make of a content. */
  outcomesOf(flash: FlashContent): readonly LegalOutcome[] {
    return legalOutcomes(this.#asked(flash));
  }

  #asked(flash: FlashContent) {
    return { flash, build: this.build, timing: this.timing, ran: [this.#running] };
  }

  #cut(flash: FlashContent, span: CutSpan) {
    const asked = this.#asked(flash);
    return { ...asked, window: this.#windowIn(span, flash) };
  }

  /** Where in the boot of a content a cut fell. */
  #windowIn(span: CutSpan, flash: FlashContent): Span {
    const [boot] = span.silent ? timelinesOf(this.#asked(flash)) : [];
    return windowIn(boot, span, this.build.generation);
  }

  /**
   * Pages (device offsets) that uploads since the last call and the next boot erase: with a window, up to its end, then
   * again from there. Ask before `adopt`.
   */
  erasedBy(span?: CutSpan): readonly number[] {
    const plan = this.timeline();
    const window = span && this.#windowIn(span, this.flash);
    const done = plan.operations.filter((step) => window === undefined || step.startUs < window.toUs);
    const erased = [...this.#erased.splice(0), ...done.flatMap((step) => this.#pagesOf(step.operation))];
    if (window === undefined) return erased;
    const cut = contentBefore(this.flash, plan, done.length);
    return [...erased, ...erasesOf(cut, this.build).flatMap((range) => this.#pagesIn(range))];
  }

  /** From now on the board is known to be in this state; with the end of the boot that led there, where there was one. */
  adopt({ flash, result }: { readonly flash: FlashContent; readonly result?: BootResult }): void {
    this.flash = flash.snapshot();
    if (result !== undefined) this.#running = slotsThatRun(this.build, result)[0] ?? this.#running;
  }

  #timelineOf(flash: FlashContent): Timeline {
    const make = () => timeline(flash, this.build, this.timing);
    // Looking at bits in doubt turns them, also in what a boot leaves: that is nobody else's.
    return flash.isDoubtful() ? make() : this.#timelines.of(flash.identity(), make);
  }

  get #slots() {
    const image = this.build.images[0];
    if (!image) throw new RangeError("a bootloader build without images");
    return image;
  }

  get #other(): Area {
    return this.otherSlot === 0 ? this.#slots.primary : this.#slots.secondary;
  }

  /** The pages that an erase covers; none for a write. */
  #pagesOf(operation: FlashOperation): readonly number[] {
    return operation.kind === "erase" ? this.#pagesIn(operation) : [];
  }

  #pagesIn({ offset, bytes }: Pick<Area, "offset" | "bytes">): readonly number[] {
    const pages: number[] = [];
    for (let at = 0; at < bytes; at += this.build.sectorBytes) pages.push(offset + at);
    return pages;
  }

  #run(steps: Steps<unknown>): void {
    for (const step of steps) if (isOperation(step)) this.flash.apply(step);
  }
}

function* nothing(): Steps {}

function distinct(contents: readonly FlashContent[]): readonly FlashContent[] {
  return [...new Map(contents.map((flash) => [flash.identity(), flash])).values()];
}
