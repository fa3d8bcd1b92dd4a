import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { loadProfile } from "../../board/index.ts";
import { RealClock } from "../../core/index.ts";
import { openSerialPort, Uart } from "../../serial/index.ts";
import { complaintOf, memoryIo } from "../testing/memory-io.ts";
import { emulateCommand } from "./emulate.ts";

const clock = new RealClock();
const BAUD_1M = 0x1000_0000;
const UARTE0 = 0x5000_8000;
const RAM = 0x2000_0100;

/** Firmware that sends each byte back: STARTRX for one byte, wait for ENDRX, STARTTX of the same byte, and again. */
function echoFirmware(): Uint8Array {
  const setUp = [
    [UARTE0 + 0x524, BAUD_1M],
    [UARTE0 + 0x500, 8],
    [UARTE0 + 0x534, RAM],
    [UARTE0 + 0x538, 1],
    [UARTE0 + 0x544, RAM],
    [UARTE0 + 0x548, 1],
    [UARTE0 + 0x000, 1],
  ];
  const code = [
    // movs r4, #1; lsls r4, #10: the list at 0x400; ldmia r4!, {r0, r1}; str r1, [r0] for each
    ...[0x2401, 0x02a4, ...setUp.flatMap(() => [0xcc03, 0x6001])],
    // ldmia r4!, {r0}: UARTE0; movs r3, #0; movs r2, #1; movs r5, #0x88; lsls r5, #1: 0x110, ENDRX
    ...[0xcc01, 0x2300, 0x2201, 0x2588, 0x006d],
    // loop: ldr r1, [r0, r5]; cmp r1, #0; beq loop; str r3, [r0, r5]
    // str r2, [r0, #8]: STARTTX; str r2, [r0]: STARTRX; b loop
    ...[0x5941, 0x2900, 0xd0fc, 0x5143, 0x6082, 0x6002, 0xe7f8],
  ];
  const image = new Uint8Array(0x400 + 8 * setUp.length + 4).fill(0xff);
  const view = new DataView(image.buffer);
  view.setUint32(0, 0x2000_8000, true);
  view.setUint32(4, 0x201, true);
  for (const [index, halfword] of code.entries()) view.setUint16(0x200 + 2 * index, halfword, true);
  for (const [index, word] of [...setUp.flat(), UARTE0].entries()) view.setUint32(0x400 + 4 * index, word ?? 0, true);
  return image;
}

async function profileText(): Promise<string> {
  const { text } = await loadProfile("emulated", { cwd: "/" });
  return text.replace(
    /keys:[^]*?\n\nimages: \{ encryption: optional/u,
    "keys: { signing: none }\n\nimages: { encryption: none",
  );
}

describe("hil emulate", () => {
  test("serves the UART of the firmware under the names that its line of JSON tells", async () => {
    const stop = new AbortController();
    let answer = "";
    const talk = async (uart: string) => {
      await using port = Uart.open(await openSerialPort(uart, { baudRate: 1_000_000, clock }), { clock });
      const heard = new Promise<void>((resolve) => port.onLine(({ text }) => resolve(void (answer = text))));
      await port.write(Buffer.from("hello\n"));
      await heard;
    };
    const io = memoryIo({
      signal: stop.signal,
      out: (line) => void talk((JSON.parse(line) as { uart: string }).uart).finally(() => stop.abort()),
    });
    writeFileSync(join(io.cwd, "board.yaml"), await profileText());
    writeFileSync(join(io.cwd, "echo.bin"), echoFirmware());
    expect(await emulateCommand(["echo.bin", "--board", "board.yaml", "--link", "emu"], io)).toBe(0);
    expect(answer).toBe("hello");
  });

  test("an option of what is not asked for is told", async () => {
    for (const [argv, text] of [
      [["--budget", "3"], "--budget is for --compare."],
      [["--cut", "3"], "--cut is for --gdb."],
      [["--revert", "--gdb", "0"], "--revert is for --cut."],
      [["--compare", "--gdb", "0"], "--compare serves nothing"],
    ] as const) {
      const complaint = await complaintOf(emulateCommand(["a.hex", ...argv], memoryIo()));
      expect([complaint.code, complaint.text]).toEqual([2, expect.stringContaining(text)]);
    }
    const one = await complaintOf(emulateCommand(["a.hex", "--compare", "--old", "x.bin"], memoryIo()));
    expect([one.code, one.text]).toEqual([2, expect.stringContaining("--old and --new go together.")]);
  });

  test("a board that is not emulated, and no firmware, are told", async () => {
    const twin = await complaintOf(emulateCommand(["a.hex", "--board", "twin"], memoryIo()));
    expect([twin.code, twin.text]).toEqual([2, expect.stringContaining("twin is none.")]);
    const none = await complaintOf(emulateCommand([], memoryIo()));
    expect([none.code, none.text]).toEqual([2, expect.stringContaining("there is nothing to run.")]);
  });
});
