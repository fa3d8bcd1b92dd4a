import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { memoryIo } from "../testing/memory-io.ts";
import { sweepCommand } from "./sweep.ts";

const BOARD = `schema: 1
name: small-nsib
provider: twin
ports: { app: { path: "twin:app", baud_rate: 1000000 } }
power: { driver: lcus, port: { path: "twin:relay" }, channel: 1, contact: NC, cuts: soc }
bootloader: { generation: ncs-3.4, mode: swap-move, second_stage: true, fixes: [N1] }
slots:
  s0: { offset: 0x8000, bytes: 0x5000 }
  s1: { offset: 0xd000, bytes: 0x5000 }
  primary: { offset: 0x14000, bytes: 0x8000 }
  secondary: { offset: 0x1c000, bytes: 0x8000 }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
`;
const SCENARIO = `schema: 1
name: own
images:
  old: { version: "1.0.0", payload: { generate_bytes: 4000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 4000 } }
  bootloader: { generate_bytes: 8192 }
  encrypt: false
cuts: { in: bootloader, count: 1 }
`;

async function swept(board: string, ...more: readonly string[]) {
  const io = memoryIo();
  writeFileSync(join(io.cwd, "board.yaml"), board);
  writeFileSync(join(io.cwd, "own.yaml"), SCENARIO);
  const code = await sweepCommand(["own.yaml", "--board", "board.yaml", ...more], io);
  return { code, printed: io.printed() };
}

describe("a sweep of an update of MCUboot itself", () => {
  test("finds nothing after any number of cuts, torn ones among them", async () => {
    const { code, printed } = await swept(BOARD, "--torn");
    expect(printed).toContain("own: update of MCUboot itself, MCUboot ncs-3.4, move");
    expect(printed).toMatch(/verdict {3}PASS/);
    expect(code).toBe(0);
  });

  test("names N1 where the bootloader has it", async () => {
    const { code, printed } = await swept(BOARD.replace(", fixes: [N1]", ""));
    expect(printed).toMatch(/brick.*N1|N1.*brick/s);
    expect(printed).toContain("1 known of MCUboot, 0 not on record");
    expect(code).toBe(1);
  });

  test("refuses what would change the board it is about", async () => {
    await expect(swept(BOARD, "--slot-sectors", "8")).rejects.toThrow(/--slot-sectors does not change/);
  });
});
