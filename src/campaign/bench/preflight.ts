import type { Board } from "../../board/index.ts";
import { isKind } from "../../core/index.ts";
import { modeRow } from "../../mcuboot/index.ts";
import type { PreflightCheck } from "../record/facts.ts";
import { activeSlot } from "../verdict/slots.ts";
import { requireLogFits } from "./log-check.ts";
import type { RecordedBoard } from "./recorded-board.ts";
import { PermanentBenchError } from "./retry.ts";

/**
 * Compares what the board says of itself with its profile, before any power moves: parameters, slots, running image,
 * bootloader mode where it can be asked; and what the boot log has said so far.
 * @throws BenchError (exit 3) when the board does not answer, or is not what the profile describes;
 *   ConfigurationError (exit 2) when the boot log contradicts the profile.
 */
export async function preflight(recorded: RecordedBoard): Promise<readonly PreflightCheck[]> {
  const checks: PreflightCheck[] = [
    await parameters(recorded),
    await bootloaderMode(recorded),
    await slotSizes(recorded),
    await runningImage(recorded),
  ];
  recorded.record.event({ atUs: recorded.nowUs, event: "preflight", checks });
  // Serial recovery lists images, too; what it runs under cannot be asked there.
  if (checks.some(({ name, outcome }) => (name === MODE && outcome === "cannot be asked") || outcome === "differs"))
    await requireApplication(recorded);
  const wrong = checks.filter((check) => check.outcome === "differs");
  if (wrong.length > 0) {
    const list = wrong.map((check) => `${check.name}: the profile says ${check.expected}, the board ${check.found}`);
    throw new PermanentBenchError(
      `${recorded.board.name} is not the board of its profile. ${list.join(". ")}.`,
      "Correct the profile, or connect the board that it describes.",
    );
  }
  requireLogFits(recorded);
  return checks;
}

const MODE = "bootloader mode";

/** A first chunk holds a header of 32 bytes, a hash of 32, and the map around them. */
const BUFFER_BYTES_MIN = 128;
const SMALLEST = `buffers of at least ${BUFFER_BYTES_MIN} bytes`;

/** SMP's number for a mode that the bootloader itself does not know. Source: MCUboot boot_status.h. */
const UNKNOWN_MODE = -1;

/** `same` is undefined where the board does not say. */
type Answer = { readonly expected: string; readonly found: string; readonly same: boolean | undefined };

/** One question; a board that does not know the command is no failure, a board that is silent is. */
async function ask(name: string, question: () => Promise<Answer>): Promise<PreflightCheck> {
  try {
    const { expected, found, same } = await question();
    if (same === undefined) return { name, outcome: "cannot be asked", expected: "", found };
    return { name, outcome: same ? "as expected" : "differs", expected, found };
  } catch (error) {
    if (!isKind(error, "protocol")) throw error;
    return { name, outcome: "cannot be asked", expected: "", found: error.message };
  }
}

function parameters({ board, signal }: RecordedBoard): Promise<PreflightCheck> {
  return ask("mcumgr parameters", async () => {
    const { bufferBytes, bufferCount, known } = await board.smp.params({ signal });
    const found = `${bufferCount} buffers of ${bufferBytes} bytes`;
    return { expected: SMALLEST, found: known ? found : "not told", same: bufferBytes >= BUFFER_BYTES_MIN };
  });
}

function bootloaderMode({ board, signal }: RecordedBoard): Promise<PreflightCheck> {
  return ask(MODE, async () => {
    const { name, mode, modeNumber } = await board.smp.bootloaderInfo({ signal });
    const expected = board.profile.bootloader.mode;
    if (mode === undefined) return { expected, found: name, same: true };
    if (modeNumber === undefined || modeNumber === UNKNOWN_MODE) return { expected, found: mode, same: undefined };
    return { expected, found: mode, same: modeNumber === modeRow(expected).smp };
  });
}

function slotSizes({ board, signal }: RecordedBoard): Promise<PreflightCheck> {
  return ask("slots", async () => {
    const images = await board.smp.slotInfo({ signal });
    const want = expectedSlots(board);
    const told = want.flatMap((row) => {
      const slots = images.find(({ image }) => image === row.image)?.slots ?? [];
      const bytes = slots.find(({ slot }) => slot === row.slot)?.sizeBytes;
      // An application that knows one image says nothing of the other.
      return slots.length === 0 && row.image > 0 ? [] : [{ ...row, found: bytes }];
    });
    const same = told.every(({ bytes, found }) => found === undefined || found === bytes);
    const text = (rows: readonly { name: string; bytes: number | undefined }[]) =>
      rows.map(({ name, bytes }) => `${name}: ${bytes ?? "?"} bytes`).join(", ");
    return { expected: text(want), found: text(told.map(({ name, found }) => ({ name, bytes: found }))), same };
  });
}

interface WantedSlot {
  readonly image: number;
  readonly slot: number;
  readonly name: string;
  readonly bytes: number;
}

/** The primary slot of the network core's image is a buffer in RAM, of which the profile says nothing. */
function expectedSlots({ profile }: Board): readonly WantedSlot[] {
  const { primary, secondary, networkSecondary } = profile.slots;
  return [
    { image: 0, slot: 0, name: "slot 0", bytes: primary.bytes },
    ...(secondary.bytes > 0 ? [{ image: 0, slot: 1, name: "slot 1", bytes: secondary.bytes }] : []),
    ...(networkSecondary ? [{ image: 1, slot: 1, name: "slot 1 of image 1", bytes: networkSecondary.bytes }] : []),
  ];
}

/** @throws BenchError when MCUboot itself answers. */
async function requireApplication({ board, signal }: RecordedBoard): Promise<void> {
  if ((await board.smp.dialect({ signal })) === "application") return;
  throw new PermanentBenchError(
    `${board.name} is in MCUboot's serial recovery: that answers on ${board.uart.name}, and no application runs.`,
    "Reset it without what brings it there (a button, a pin, boot mode 1), or give it an image that boots.",
  );
}

async function runningImage(recorded: RecordedBoard): Promise<PreflightCheck> {
  const slots = await recorded.imageState();
  const active = activeSlot(slots);
  return {
    name: "running image",
    outcome: active ? "as expected" : "differs",
    expected: "an active image in slot 0",
    found: active ? `${active.version} in slot ${active.slot}` : "no active image",
  };
}
