import type { Clock } from "../core/index.ts";
import type { BootloaderBuild } from "../mcuboot/index.ts";
import { RecoveryServer } from "../smp/index.ts";
import type { TwinFlash } from "./flash.ts";
import { TwinImageSlots } from "./image-slots.ts";
import { serveUntilReset } from "./serving.ts";
import type { TwinUart } from "./uart.ts";

/** `boot_mode` of a reset that means the bootloader. Source: Zephyr BOOT_MODE_TYPE_BOOTLOADER (4.2). */
export const BOOT_MODE_RECOVERY = 1;

export interface RecoveryMachine {
  readonly clock: Clock;
  readonly flash: TwinFlash;
  readonly uart: TwinUart;
  readonly build: BootloaderBuild;
  readonly print: (line: string) => Promise<void>;
}

/**
 * MCUboot's serial recovery on the twin's UART, until a reset is asked for; throws the signal's reason when power goes.
 * Built with echo, parameters and image state, as nRF Connect SDK's samples with CONFIG_BOOT_SERIAL_BOOT_MODE may be.
 */
export async function runRecovery(machine: RecoveryMachine, power: AbortSignal): Promise<void> {
  const { clock, uart, build, print } = machine;
  await print("I: Enter the serial recovery mode");
  await serveUntilReset({ clock, uart }, power, ({ transport, reset, onHandlerError }) => {
    return new RecoveryServer({
      transport,
      store: new TwinImageSlots({ ...machine, power }),
      writeBytes: build.writeBytes,
      echo: true,
      params: true,
      imageState: true,
      reset,
      onHandlerError,
    });
  });
}
