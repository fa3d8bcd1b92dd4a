import { EXIT, equalBytes, hex, isKind, ProtocolError, sleep, TimeoutError, within } from "../../core/index.ts";
import type { ImageSlot, ImageState, UploadResult } from "../../smp/index.ts";
import { durationMs } from "../terminal/duration.ts";
import { readUploadFile } from "./image-file.ts";
import { uploadSummary } from "./progress.ts";
import type { SmpCall, SmpPrinted, SmpSubcommand } from "./subcommand.ts";
import { imageListText } from "./text.ts";
import { checkUpload, imageNumber, requireListed, UPLOAD_OPTIONS, uploadImageFile } from "./upload.ts";

/** A swap of a full nRF5340 slot takes about 25 s; external flash several times that. */
const WAIT_DEFAULT = "3m";
/** How long one look at the list may take while the board boots, and the pause before the next, in milliseconds. */
const LOOK_MS = 1_500;
const PAUSE_MS = 500;

/** `hil smp upgrade`: everything from a file to the answer whether it runs. */
export const UPGRADE_SUBCOMMAND: SmpSubcommand = {
  usage: "upgrade <file>",
  about: "upload, ask for a test (or --confirm), reset, wait, list: does it run?",
  options: [...UPLOAD_OPTIONS, "confirm", "wait"],
  check: async (args, io, options) => {
    await checkUpload(args, io, options);
    durationMs("wait", options.text("wait") ?? WAIT_DEFAULT);
  },
  run: upgrade,
};

async function upgrade(call: SmpCall): Promise<SmpPrinted> {
  const { client, options, io } = call;
  const pair = imageNumber(options);
  const named = await readUploadFile(call.args[0] ?? "", pair, io);
  const { hash, version } = named;
  if (hash === undefined) throw new ProtocolError("upgrade: the image has no hash to ask the board for.", "Sign it.");
  const wanted = { hash, pair, confirm: options.flag("confirm") };
  let state = await client.imageState({ signal: io.signal });
  let upload: UploadResult | undefined;
  if (runsIn(state, wanted)) {
    if (wanted.confirm) state = await client.setImageState({ confirm: true }, { signal: io.signal });
  } else {
    const uploaded = await uploadImageFile(call);
    await requireListed(call, uploaded);
    upload = uploaded.result;
    if (!options.flag("json")) io.out(uploadSummary(upload));
    await client.setImageState({ hash, confirm: wanted.confirm }, { signal: io.signal });
    await client.reset({ signal: io.signal });
    state = await settled(call, pair);
  }
  const verdict = verdictOf(state, wanted);
  const json = { upload, version, hash: hex(hash), ...verdict, images: state.images };
  const text = `${imageListText(state)}${version}: ${verdict.verdict}\n`;
  return { json, text, exitCode: verdict.pass ? EXIT.pass : EXIT.failed };
}

/**
 * The list once the boot that was asked for is over: as long as something is pending the reset has not come, or the
 * application that answers is the one from before it.
 * @throws TimeoutError when the board does not come back in time, or never boots what was asked for.
 */
async function settled({ client, options, io }: SmpCall, pair: number): Promise<ImageState> {
  const { clock, transport } = client.session;
  const waitMs = durationMs("wait", options.text("wait") ?? WAIT_DEFAULT);
  let last: ImageState | undefined;
  const awaited = `the board on ${transport.name} to boot what was asked for`;
  try {
    return await within(
      clock,
      waitMs,
      awaited,
      async (stop) => {
        for (;;) {
          await sleep(clock, PAUSE_MS, stop);
          last = await look(stop).catch((error: unknown) => {
            stop.throwIfAborted();
            // A board that boots is silent, or answers from its bootloader.
            if (isKind(error, "timeout") || isKind(error, "protocol")) return undefined;
            throw error;
          });
          if (last?.images.some((entry) => entry.image === pair && !entry.pending) && !isPending(last, pair))
            return last;
        }
      },
      { signal: io.signal, lastSeen: () => (last === undefined ? "It did not answer." : "It still is pending.") },
    );
  } catch (error) {
    if (!isKind(error, "timeout")) throw error;
    const hint = "Look at its boot log (`hil board console`); with --reopen a port may vanish. --wait waits longer.";
    throw new TimeoutError(awaited, waitMs, transport.lastSeen(), hint, { cause: error });
  }

  function look(stop: AbortSignal): Promise<ImageState> {
    return within(clock, LOOK_MS, "the image list", (inner) => client.imageState({ signal: inner }), { signal: stop });
  }
}

function isPending({ images }: ImageState, pair: number): boolean {
  return images.some((entry) => entry.image === pair && entry.pending);
}

function runsIn({ images }: ImageState, { hash, pair }: Wanted): boolean {
  return images.some((entry) => entry.image === pair && entry.active && entry.hash && equalBytes(entry.hash, hash));
}

interface Wanted {
  readonly hash: Uint8Array;
  readonly pair: number;
  readonly confirm: boolean;
}

/** What the list says of the image that was asked for. */
function verdictOf({ images }: ImageState, { hash, pair, confirm }: Wanted): { pass: boolean; verdict: string } {
  const ofPair = images.filter((entry) => entry.image === pair);
  const isIt = (entry: ImageSlot) => entry.hash !== undefined && equalBytes(entry.hash, hash);
  if (pair !== 0) {
    const verdict = `taken: nothing is pending for image ${pair}. What that core runs only its own log says.`;
    return { pass: true, verdict };
  }
  const running = ofPair.find((entry) => entry.active);
  if (running === undefined) return { pass: false, verdict: "the list does not say which image runs." };
  if (!isIt(running)) {
    const kept = ofPair.some(isIt) ? "it was swapped back, or never taken" : "the bootloader refused and erased it";
    return { pass: false, verdict: `does not run; ${running.version} does: ${kept}. The boot log says why.` };
  }
  if (running.confirmed) return { pass: true, verdict: "runs, confirmed." };
  if (confirm) return { pass: false, verdict: "runs, but is not confirmed, although it was asked for good." };
  return {
    pass: true,
    verdict: "runs, for a test: `hil smp image confirm` keeps it, else the next reset takes it back.",
  };
}
