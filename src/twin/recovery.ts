import { abortable, type Clock, sleep, whenAborted } from "../core/index.ts";
import type { BootloaderBuild } from "../mcuboot/index.ts";
import { Uart } from "../serial/index.ts";
import { ConsoleTransport, RecoveryServer } from "../smp/index.ts";
import { ownLink, RESET_DELAY_MS } from "./app.ts";
import type { TwinFlash } from "./flash.ts";
import { TwinImageSlots } from "./image-slots.ts";
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
  const own = Uart.open(ownLink(uart, clock), { clock });
  const transport = new ConsoleTransport(own, { clock });
  const reset = new AbortController();
  let broken: { readonly reason: unknown } | undefined;
  const server = new RecoveryServer({
    transport,
    store: new TwinImageSlots({ ...machine, power }),
    writeBytes: build.writeBytes,
    echo: true,
    params: true,
    imageState: true,
    reset: () => reset.abort(),
    onHandlerError: (reason) => {
      if (!power.aborted) broken ??= { reason };
      reset.abort();
    },
  });
  try {
    await abortable(whenAborted(reset.signal), power);
    if (broken) throw broken.reason;
    await sleep(clock, RESET_DELAY_MS, power);
  } finally {
    void server[Symbol.asyncDispose]().catch(() => {});
    void transport[Symbol.asyncDispose]();
    void own[Symbol.asyncDispose]();
  }
}
