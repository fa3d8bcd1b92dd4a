import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { recorded } from "../testing/recorded-boots.ts";
import { afterBoot, cutAt, requestedBoard, type SmallBoard, smallBoard, smallBuild } from "../testing/small-board.ts";
import { explainFlash, type LogReading, logNotes, readLog, type Told, tellLog } from "./index.ts";

const build = smallBuild();

function read(lines: readonly string[], of = build): LogReading {
  const reading = readLog(lines.join("\n"), of);
  if (reading === undefined) throw new Error("no boot in the log");
  return reading;
}

function told(lines: readonly string[]): Told {
  const [first] = tellLog(read(lines));
  if (first === undefined) throw new Error("nothing told");
  return first;
}

const logOf = (board: SmallBoard): readonly string[] => recorded(board, [{ does: "boot" }]).map((line) => line.text);
const HEAD = ["*** Booting MCUboot v2.4.0-dev ***", "I: Starting bootloader"];
const BLANK = [
  "I: Primary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3",
  "I: Secondary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3",
];
const ASKED = [
  BLANK[0] ?? "",
  "I: Secondary image: magic=good, swap_type=0x2, copy_done=0x3, image_ok=0x3",
  "I: Boot source: none",
  "I: Image index: 0, Swap type: test",
];
const JUMP = ["I: Bootloader chainload address offset: 0xc000", "I: Jumping to the first image slot"];

describe("what a log tells", () => {
  test.each([
    ["nothing asked for", () => smallBoard(), "validates slot 0 and, if it is fit, runs it"],
    ["a test asked for", () => requestedBoard(), "swaps it in for a test"],
    ["a permanent upgrade asked for", () => requestedBoard({}, true), "swaps it in for good"],
    ["an image on trial", () => afterBoot(requestedBoard()), "swaps the two images back"],
    [
      "a swap cut in the middle",
      () => ({ ...requestedBoard(), flash: cutAt(requestedBoard(), 60) }),
      "goes on with the swap",
    ],
  ] as const)("a flash and the log of its boot, up to the swap type, tell the same: %s", (_, board, expected) => {
    const { flash, build: of } = board();
    const lines = logOf({ flash, build: of });
    const decided = lines.findIndex((line) => /Swap type|Starting swap/.test(line));
    expect(tellLog(read(lines.slice(0, decided + 1), of))[0]?.next).toContain(expected);
    expect(explainFlash(flash, of).images[0]?.next).toContain(expected);
  });

  test("a log that ends at the bootloader's first line goes on with the swap that the boot before had begun", () => {
    const answer = told([...HEAD, ...ASKED, "I: Starting swap using move algorithm.", ...HEAD]);
    expect(answer.may[0]).toBe("resume");
    expect(answer.next).toMatch(/^goes on with the swap that was interrupted/);
    expect(answer.because).toContain("the boot before stopped on its way: a swap had begun");
    expect(answer.lines.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7, 9]);
  });

  test("a boot whose first lines are lost is read from where it is seen", () => {
    const answer = told([...ASKED.slice(2), "E: Image in the secondary slot is not valid!", ...JUMP]);
    expect(answer.did).toContain("slot 1 was refused, its image is not valid");
    expect(logNotes(read(ASKED))).toContain("the first lines of the last boot are not in the log");
  });

  test("two images are told apart, whichever is printed last", () => {
    const lines = [
      ...HEAD,
      ...ASKED,
      ...BLANK,
      "I: Boot source: none",
      "I: Image index: 1, Swap type: none",
      "I: Starting swap using move algorithm.",
    ];
    const answers = tellLog(read(lines));
    expect(answers.map(({ may }) => may[0])).toEqual(["test", "stays"]);
    expect(answers.map(({ lines: quoted }) => quoted.length)).toEqual([5, 4]);
  });

  test("the application's question for the swap type is about the next boot", () => {
    const lines = [...HEAD, ...BLANK, "I: Boot source: none", "I: Image index: 0, Swap type: none", ...JUMP];
    const asked = [...lines, "[00:00:09] <inf> mcuboot_util: Image index: 0, Swap type: perm"];
    expect([told(lines).may, told(asked).may]).toEqual([["stays"], ["perm", "refused"]]);
    expect(told(asked)).toMatchObject({
      when: "at the next boot",
      because: expect.stringContaining("the application"),
    });
  });

  test("the banner of an application that follows a boot does not end what the boot said", () => {
    const lines = [...logOf(afterBoot(requestedBoard())), "*** Booting Zephyr OS build v4.1.99 ***", "Hello World!"];
    expect(told(lines).did).toContain("swapped back");
    expect(told(lines).may).toEqual(["stays"]);
  });

  test("serial recovery after no bootable image is told with it", () => {
    const dead = [...HEAD, ...BLANK, "I: Boot source: none", "I: Image index: 0, Swap type: none"];
    const lines = [...dead, "E: Image in the primary slot is not valid!", "E: Unable to find bootable image"];
    expect(told(lines)).toMatchObject({
      starts: false,
      next: expect.stringMatching(/^no boot: the image in slot 0 is/),
    });
    expect(told([...lines, "I: Enter the serial recovery mode"]).did).toContain("no application was started");
  });

  test("a bootloader that says nothing of slots is told as such", () => {
    const reading = read([...HEAD, ...JUMP]);
    expect(tellLog(reading)[0]).toMatchObject({ may: [], tells: false });
    expect(logNotes(reading).join(" ")).toContain("one slot or a firmware loader");
  });

  test("images that are loaded into RAM are not taken for a swap", () => {
    const reading = read([...HEAD, "I: Image 0 RAM loading to 0x20000000 is succeeded.", ...JUMP]);
    expect(tellLog(reading)[0]?.may).toEqual([]);
    expect(logNotes(reading).join(" ")).toContain("loaded into RAM");
  });

  test.each([
    ["Done updating network core", /handed to the network core; slot 0 stays/, "stays"],
    ["Network core update failed", /the network core did not take the image of slot 1/, "network"],
  ])("an image for the network core: %s", (line, did, next) => {
    const answer = told([
      ...HEAD,
      ...ASKED,
      "I: Starting network core update",
      "I: Turned on network core",
      line,
      ...JUMP,
    ]);
    expect([answer.did, answer.may[0]]).toEqual([expect.stringMatching(did), next]);
    expect(told([...HEAD, ...ASKED, "I: Starting network core update"]).may).toEqual(["network", "refused"]);
  });

  test("a log without a line of the bootloader explains nothing", () => {
    expect(readLog("[00:00:01] app: hello", build)).toBeUndefined();
  });

  test("quoted lines are printable and short, whatever the board printed", () => {
    const evil = `\u202e\u0007${"x".repeat(900)} I: Image index: 0, Swap type: test`;
    const [quote] = told([...HEAD, evil]).lines;
    expect(quote?.text).toMatch(/^\\u202e\\x07x+…$/);
    expect(quote?.text.length).toBeLessThan(180);
  });
});

/** How consoles and loggers write a line of the bootloader. */
const SHAPES: readonly ((text: string, index: number) => string)[] = [
  (text) => text,
  (text) => `${text}\r`,
  (text) => `\u001b[1;31m${text}\u001b[0m\r`,
  (text, index) => text.replace(/^([IWE]): /, `[00:00:00.${100 + index},000] <inf> mcuboot: `),
  (text, index) => `2026-11-29T23:15:${10 + index}.123Z ${text}`,
  (text, index) => `[15:03:48.${100 + index}] ${text}`,
  (text) => `\0${text}`,
];

describe("however a log is written", () => {
  const board = requestedBoard();
  const lines = recorded(board, [{ does: "boot" }, { does: "boot", cut: 60 }, { does: "boot" }]).map(
    (line) => line.text,
  );

  test.each(SHAPES.map((_, index) => index))("it says the same (shape %d)", (index) => {
    const shape = SHAPES[index] ?? ((text: string) => text);
    for (const end of [6, 9, 15, 18, 24, lines.length]) {
      const plain = read(lines.slice(0, end), board.build);
      const shaped = read(
        lines.slice(0, end).flatMap((text, at) => [shape(text, at), "[00:00:07] <inf> app: 3 samples"]),
        board.build,
      );
      expect(shaped.images.map(({ may, after, ifCut }) => [may, after, ifCut])).toEqual(
        plain.images.map(({ may, after, ifCut }) => [may, after, ifCut]),
      );
    }
  });

  test("cut at any byte, it says what it says cut at the line before, or at that line", () => {
    const text = `${lines.join("\n")}\n`;
    const answer = (part: string) =>
      JSON.stringify(readLog(part, board.build)?.images.map(({ may, boots }) => [may, boots]));
    for (let at = 1; at <= text.length; at += 1) {
      const before = text.slice(0, text.lastIndexOf("\n", at - 1) + 1);
      const end = text.indexOf("\n", at);
      expect([answer(before), answer(text.slice(0, end < 0 ? text.length : end))]).toContain(answer(text.slice(0, at)));
    }
  });

  test("lines in any order, and any text, are read without an error", () => {
    const line = fc.oneof(fc.constantFrom(...lines), fc.string({ unit: "binary" }));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (some) => {
        const reading = readLog(some.join("\n"), board.build);
        if (reading !== undefined) expect(tellLog(reading)).toHaveLength(reading.images.length);
      }),
    );
  });
});
