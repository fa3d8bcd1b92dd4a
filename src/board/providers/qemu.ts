import { spawnSync } from "node:child_process";
import { BenchError, ConfigurationError, RealClock } from "../../core/index.ts";
import { assembleBoard } from "../parts/assemble.ts";
import type { Board } from "../parts/board.ts";
import type { OpenOptions } from "../parts/open-options.ts";
import { wholeFlashFlasher } from "../parts/whole-flash.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { QEMU_UART, qemuMachine } from "../profile/qemu-schema.ts";
import { EmulatedBoard } from "../qemu/emulated-board.ts";
import { factoryFlash } from "../qemu/firmware.ts";

/**
 * Real firmware on an emulated board: born anew from the profile's image, in real time, and gone with this process.
 * @throws BenchError when QEMU is not installed; ConfigurationError when its firmware is not there.
 */
export async function openQemu(loaded: LoadedProfile, options: OpenOptions): Promise<Board> {
  const { qemu } = loaded.profile;
  if (qemu === undefined) throw new ConfigurationError(`${loaded.file} has no section qemu.`, "See docs/qemu.md.");
  const machine = qemuMachine(qemu.machine);
  const factory = factoryFlash(loaded, { ...machine, field: ["qemu", "image"], images: [qemu.image] });
  const { program } = qemu;
  requireProgram(program);
  const clock = options.clock ?? new RealClock();
  const emulated = new EmulatedBoard({ machine, flash: factory, program, clock });
  const flash = { read: () => emulated.readFlash(), write: (content: Uint8Array) => emulated.writeFlash(content) };
  return assembleBoard(loaded, {
    clock,
    links: {
      open: async (port) => {
        if ("path" in port && port.path === QEMU_UART) return emulated.uart;
        throw new ConfigurationError(`${loaded.file} names a port that QEMU does not have.`, `It has ${QEMU_UART}.`);
      },
    },
    power: emulated,
    flash,
    stopAfter: (progress, signal) => emulated.stopAfter(progress, signal),
    flasher: wholeFlashFlasher(loaded.profile, flash),
    check: () => emulated.check(),
    backend: emulated,
  });
}

/** @throws BenchError that says what to install. */
function requireProgram(program: string): void {
  const { error, status } = spawnSync(program, ["--version"], { stdio: "ignore" });
  if (error === undefined && status === 0) return;
  throw new BenchError(
    `${program} does not run here.`,
    "Install QEMU (Debian and Ubuntu: apt-get install qemu-system-arm), or name it in the profile's qemu.program.",
    { cause: error },
  );
}
