import { describe, expect, test } from "@jest/globals";
import { VirtualClock } from "../../core/index.ts";
import { FlashContent, type FlashOperation } from "../../mcuboot/index.ts";
import { RunningChip } from "./running-chip.ts";

const ERASE_US = 22_300;

/** A chip that says "." each millisecond and erases a page every ten; it echoes what it receives. */
class TickingChip {
  isOn = false;
  nowUs = 0;
  idleUntilUs: number | undefined = undefined;
  watch: (operation: FlashOperation) => void = () => undefined;
  content = FlashContent.erased(8192, 1024);
  output: (byte: number, atUs: number) => void = () => undefined;
  readonly flash = {
    snapshot: () => this.content.snapshot(),
    restore: (content: FlashContent) => {
      this.content = content.snapshot();
    },
  };

  powerOn(): void {
    this.isOn = true;
    this.nowUs = 0;
  }

  powerOff(): void {
    this.isOn = false;
  }

  receive(bytes: Uint8Array): void {
    for (const byte of bytes) this.output(byte, this.nowUs);
  }

  run(us: number): void {
    const until = this.nowUs + us;
    while (this.nowUs < until) {
      this.nowUs += 100;
      if (this.nowUs % 1_000 === 0) this.output(".".charCodeAt(0), this.nowUs);
      if (this.nowUs % 10_000 === 0) this.#write(this.nowUs / 10_000);
    }
  }

  #write(count: number): void {
    const operation: FlashOperation = { kind: "write", offset: 4 * count, data: Uint8Array.of(count, 0, 0, 0) };
    this.watch(operation);
    this.content.apply(operation);
  }
}

async function bench() {
  const clock = new VirtualClock({ auto: false });
  const chip = new TickingChip();
  const running = new RunningChip(["emulated:uart"], chip, clock);
  chip.output = (byte, atUs) => running.sent(byte, atUs);
  const heard: { atUs: number; text: string }[] = [];
  void (async () => {
    for await (const { atUs, bytes } of running.ports[0]?.chunks ?? [])
      heard.push({ atUs, text: Buffer.from(bytes).toString() });
  })();
  return { clock, chip, running, heard };
}

describe("RunningChip", () => {
  test("what the chip says arrives at the moment it says it", async () => {
    const { clock, running, heard } = await bench();
    await running.set("on");
    await clock.advance(3.5);
    expect(heard).toEqual([1_000, 2_000, 3_000].map((atUs) => ({ atUs, text: "." })));
  });

  test("bytes reach a chip that has power, and are lost without", async () => {
    const { clock, running, heard } = await bench();
    await running.ports[0]?.write(Buffer.from("lost"));
    await running.set("on");
    await running.ports[0]?.write(Buffer.from("hi"));
    await clock.advance(0.5);
    expect(heard.map(({ text }) => text).join("")).toBe("hi");
  });

  test("without power nothing is said and nothing changes", async () => {
    const { clock, chip, running, heard } = await bench();
    await running.set("on");
    await clock.advance(5);
    await running.set("off");
    const before = chip.content.sha256();
    await clock.advance(100);
    expect(heard).toHaveLength(5);
    expect(chip.content.sha256()).toBe(before);
    expect(await running.read()).toBe("off");
  });

  test("stands still before the operation it was told of, until power goes", async () => {
    const { clock, chip, running } = await bench();
    await running.set("on");
    const { reached } = await running.stopAfter({ erases: 0, words: 2 }, new AbortController().signal);
    await clock.advance(ERASE_US);
    await reached;
    expect(chip.content.read(4, 12)).toEqual(Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0, 255, 255, 255, 255));
    await running.set("off");
    await running.set("on");
    await clock.advance(12);
    expect(await running.read()).toBe("on");
  });

  test("what goes wrong in the emulator is the bench's fault, never a verdict", async () => {
    const { clock, chip, running } = await bench();
    chip.run = () => {
      throw new RangeError("a fault of ours");
    };
    await running.set("on");
    await clock.advance(1);
    expect(() => running.check()).toThrow("the emulator failed");
  });
});
