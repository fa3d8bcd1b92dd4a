import type { Clock } from "../core/index.ts";
import type { BootloaderBuild } from "../mcuboot/index.ts";
import type { Link } from "../serial/index.ts";
import { type Framing, type RecoveryBuild, RecoveryServer } from "../smp/index.ts";
import type { FaultHooks } from "./faults.ts";
import type { TwinFlash } from "./flash.ts";
import type { TwinNetCore } from "./net-core.ts";
import { TwinRecoverySlots } from "./recovery-slots.ts";
import { serveUntilReset } from "./serving.ts";
import type { TwinUart } from "./uart.ts";

/** `boot_mode` of a reset that means the bootloader. Source: Zephyr BOOT_MODE_TYPE_BOOTLOADER (4.2). */
export const BOOT_MODE_RECOVERY = 1;

/** Echo and image state are built in, as nRF Connect SDK's samples with BOOT_SERIAL_BOOT_MODE may be. */
const TWIN_RECOVERY: RecoveryBuild = { echo: true, imageState: true };

interface RecoveryMachine {
  readonly clock: Clock;
  readonly flash: TwinFlash;
  readonly uart: TwinUart;
  readonly build: BootloaderBuild;
  readonly netCore?: TwinNetCore;
  readonly hooks?: FaultHooks;
  /** Hears when requests are taken. */
  readonly onServing?: () => void;
  /** It waits so long for a request, in milliseconds, and the UART as it was while the images were checked. */
  readonly waiting?: { readonly waitMs: number; readonly link: Link };
  /** How packets lie on the UART. */
  readonly framing?: Framing | undefined;
  /** It ends, with a reset, when so long nothing comes, in milliseconds. */
  readonly inactivityMs?: number | undefined;
}

/**
 * MCUboot's serial recovery on the twin's UART, until a reset is asked for.
 * @returns false of one that only waits for requests, and none came.
 * @throws the signal's reason when power goes.
 */
export async function runRecovery(
  machine: RecoveryMachine,
  power: AbortSignal,
  recovery: RecoveryBuild = TWIN_RECOVERY,
): Promise<boolean> {
  const { clock, uart, build, onServing, waiting, framing, inactivityMs } = machine;
  const place = { clock, uart, lines: "mcuboot", onServing, framing, inactivityMs, ...waiting } as const;
  return serveUntilReset(place, power, ({ transport, ...calls }) => {
    const store = new TwinRecoverySlots({ ...machine, power });
    // Uploads for the network core go by the slot's own number. Source: sdk-nrf, CONFIG_NRF53_RECOVERY_NETWORK_CORE.
    const directUpload = build.images.some(({ primary }) => primary.inRam === true);
    const { recoveryImageInEachChunk: imageInEachChunk } = build.generation;
    const params = build.recovery?.tellsBuffer ?? build.generation.recoveryTellsBuffer;
    const how = { directUpload, imageInEachChunk, params, ...recovery };
    return new RecoveryServer({ ...how, transport, store, ...calls });
  });
}
