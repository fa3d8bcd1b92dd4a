import { bootloaderBuildOf, flashTimingOf, loadProfile } from "../src/board/index.ts";
import { type Cleanup, type Clock, Random } from "../src/core/index.ts";
import { memoryLinks, Uart } from "../src/serial/index.ts";
import { ConsoleTransport } from "../src/smp/index.ts";
import { Twin, type TwinSmp } from "../src/twin/index.ts";

const BAUD_RATE = 1_000_000;

/**
 * A twin of the emulated micro:bit whose primary slot holds `image`, in real time; it answers when this returns.
 * @param closing ends it.
 */
export async function twinOfMicrobit(
  image: Uint8Array,
  clock: Clock,
  closing: Cleanup,
  smp: Partial<TwinSmp> = {},
): Promise<ConsoleTransport> {
  const loaded = await loadProfile("boards/qemu-microbit.yaml", { cwd: process.cwd() });
  const [host, app] = memoryLinks({ clock, baudRate: BAUD_RATE, names: ["twin:app", "twin's UART"] });
  const [, relay] = memoryLinks({ clock, names: ["twin:relay", "twin's relay"] });
  const uart = closing.use("host", Uart.open(host, { clock }));
  const twin = closing.use(
    "twin",
    new Twin({
      clock,
      random: Random.fromSeed(1),
      links: { app, relay },
      build: bootloaderBuildOf(loaded),
      timing: flashTimingOf(loaded.profile),
      factoryImage: image,
      wiring: { channel: 1, contact: "NC" },
      baudRate: BAUD_RATE,
      smp: { bufferBytes: 384, bufferCount: 4, ...smp },
      faults: [],
    }),
  );
  await twin.machine.settled;
  twin.check();
  return new ConsoleTransport(uart, { clock });
}
