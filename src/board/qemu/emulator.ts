import type { Socket } from "node:net";
import { join } from "node:path";
import { BenchError, Cleanup, type Clock, readInput, within } from "../../core/index.ts";
import type { QemuMachineRow } from "../profile/qemu-schema.ts";
import { GdbClient } from "./gdb.ts";
import { GuardedProcess } from "./process.ts";
import { QmpClient } from "./qmp.ts";
import { openSocket } from "./socket.ts";

const HOST = "127.0.0.1";
const START_MS = 30_000;
const REGISTER_BYTES = 4;

/** What changes a flash: an erase of a page; or that and a word programmed, one by one. */
export type FlashStep = "erase" | "any";

/** One life of an emulated board, from power on to power off: a process of QEMU's, standing still at first. */
export class Emulator implements AsyncDisposable {
  readonly uart: Socket;
  readonly #machine: QemuMachineRow;
  readonly #process: GuardedProcess;
  readonly #qmp: QmpClient;
  readonly #gdb: GdbClient;
  readonly #closing: Cleanup;
  #pending = false;
  #listens = false;

  private constructor(
    machine: QemuMachineRow,
    parts: { process: GuardedProcess; qmp: QmpClient; gdb: GdbClient; uart: Socket; closing: Cleanup },
  ) {
    this.#machine = machine;
    this.#process = parts.process;
    this.#qmp = parts.qmp;
    this.#gdb = parts.gdb;
    this.uart = parts.uart;
    this.#closing = parts.closing;
    parts.qmp.onEvent((name) => {
      if (name === "RESET") this.#listens = false;
    });
  }

  /**
   * Starts QEMU with this flash content. The processor has not run yet: `resume` lets it.
   * @throws BenchError when QEMU is not there, ends at once or does not answer.
   */
  static async start(
    machine: QemuMachineRow,
    flash: Uint8Array,
    options: { readonly program: string; readonly clock: Clock; readonly signal?: AbortSignal | undefined },
  ): Promise<Emulator> {
    const { program, clock } = options;
    const closing = new Cleanup();
    try {
      return await within(
        clock,
        START_MS,
        "QEMU to start",
        async (stop) => {
          const process = closing.use(
            "qemu",
            GuardedProcess.start((folder) => argumentsOf(machine, program, folder)),
          );
          const open = async () => {
            const gdb = await GdbClient.open({ path: join(process.folder, "gdb") }, clock, stop);
            closing.add("debugger", () => gdb.close());
            const qmp = await QmpClient.open({ path: join(process.folder, "qmp") }, clock, stop);
            closing.add("monitor", () => qmp.close());
            const uart = await openSocket({ host: HOST, port: await qmp.portOf("uart") }, clock, stop);
            closing.add("uart", () => uart.destroy());
            uart.on("error", () => undefined);
            return { gdb, qmp, uart };
          };
          const parts = await Promise.race([open(), process.failure(stop)]);
          const emulator = new Emulator(machine, { process, ...parts, closing });
          await emulator.#load(flash);
          return emulator;
        },
        { signal: options.signal },
      );
    } catch (error) {
      await closing[Symbol.asyncDispose]().catch(() => undefined);
      throw error;
    }
  }

  resume(): void {
    this.#gdb.resume();
  }

  /** The program ended, whoever ended it. */
  get isGone(): boolean {
    return this.#process.hasEnded;
  }

  /**
   * Somebody waits for what is sent to the UART. QEMU's keeps what comes earlier, and then says nothing of it to the
   * driver, for ever; a UART whose receiver is off would lose it.
   */
  async listens(): Promise<boolean> {
    const { interrupts, received } = this.#machine.uart;
    this.#listens ||= ((await this.#qmp.readWord(interrupts)) & received) !== 0;
    return this.#listens;
  }

  /** Carries out a work while the processor stands still; it goes on as it was. */
  async whileStill<T>(work: () => Promise<T>): Promise<T> {
    const wasRunning = await this.#gdb.interrupt();
    try {
      return await work();
    } finally {
      if (wasRunning) this.#gdb.resume();
    }
  }

  /** Stands still from now on, as without power. */
  async stop(): Promise<void> {
    await this.#qmp.execute("stop");
  }

  /** The whole flash. The processor must stand still. */
  async flash(): Promise<Uint8Array> {
    const file = join(this.#process.folder, "flash");
    // Through the processor: QEMU's physical memory does not show the flash of this machine.
    await this.#qmp.execute("memsave", { val: 0, size: this.#machine.flashBytes, filename: file });
    const bytes = readInput(file, this.#machine.flashBytes);
    if (bytes.length !== this.#machine.flashBytes) throw new BenchError(`QEMU saved ${bytes.length} bytes of flash.`);
    return bytes;
  }

  /** Writes into the flash past its controller. The processor must stand still, and start anew after it. */
  async #load(flash: Uint8Array): Promise<void> {
    // All of it: QEMU's flash holds zeros at first, not ones.
    await this.#gdb.writeMemory(0, flash);
    // The first reset vector was read while the flash was still empty.
    await this.#qmp.execute("system_reset");
  }

  /**
   * Runs on until the flash is about to be changed, and stands still then: before the next erase, or before the next
   * word or erase whichever comes first. Given up by the signal, it stands still, too.
   * @param running called each time that it runs on, watched.
   */
  async untilChange(what: FlashStep, signal: AbortSignal, running = () => {}): Promise<"change" | "given up"> {
    const { controller } = this.#machine;
    const register = what === "erase" ? controller.erase : controller.config;
    await this.#gdb.interrupt();
    await this.#passed();
    await this.#gdb.watch(register, REGISTER_BYTES);
    for (;;) {
      this.#gdb.resume();
      running();
      try {
        await this.#gdb.untilStopped(signal);
      } catch (error) {
        if (!signal.aborted) throw error;
        await this.#gdb.interrupt();
        await this.#gdb.unwatch(register, REGISTER_BYTES);
        return "given up";
      }
      await this.#gdb.unwatch(register, REGISTER_BYTES);
      if (what === "erase") {
        this.#pending = true;
        return "change";
      }
      await this.#gdb.step();
      const [value = controller.closed] = await this.#gdb.readMemory(register, REGISTER_BYTES);
      if (value !== controller.closed) return "change";
      await this.#gdb.watch(register, REGISTER_BYTES);
    }
  }

  /** Carries out the instruction that the processor was stopped before: it would stop there again. */
  async #passed(): Promise<void> {
    if (!this.#pending) return;
    this.#pending = false;
    await this.#gdb.step();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closing[Symbol.asyncDispose]();
  }
}

function argumentsOf({ name, cpu }: QemuMachineRow, program: string, folder: string): readonly string[] {
  const socket = (id: string) => `socket,id=${id},path=${join(folder, id)},server=on,wait=off`;
  return [
    program,
    ...["-machine", name, "-cpu", cpu, "-S", "-nodefaults", "-display", "none", "-monitor", "none"],
    // Not a socket of the file system: one byte at a time fills those after 277, and the UART loses what does not fit.
    ...["-chardev", `socket,id=uart,host=${HOST},port=0,nodelay=on,server=on,wait=off`, "-serial", "chardev:uart"],
    ...["-chardev", socket("qmp"), "-mon", "chardev=qmp,mode=control"],
    ...["-chardev", socket("gdb"), "-gdb", "chardev:gdb"],
  ];
}
