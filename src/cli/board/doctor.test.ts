import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { pretendedMachine } from "../../board/testing/pretended-machine.ts";
import { complaintOf, memoryIo } from "../testing/memory-io.ts";
import { doctorCommand } from "./doctor.ts";

const SOUND = pretendedMachine({ programs: ["nrfutil"] });
const TAKEN = pretendedMachine({
  programs: ["nrfutil"],
  ports: [{ path: "/dev/ttyACM0" }],
  forbidden: ["/dev/ttyACM0"],
  owners: { "/dev/ttyACM0": "dialout" },
});

describe("hil doctor", () => {
  test("finds nothing on a sound machine: exit 0", async () => {
    const io = memoryIo();
    expect(await doctorCommand([], io, SOUND)).toBe(0);
    expect(io.printed()).toMatch(/^ok +groups +may this user open the serial ports$/m);
    expect(io.printed()).toContain("No problem found.");
  });

  test("says what, where and what to do: exit 3", async () => {
    const io = memoryIo();
    expect(await doctorCommand([], io, TAKEN)).toBe(3);
    expect(io.printed()).toContain("PROBLEM: /dev/ttyACM0: this user may not open it: not in group dialout.\n");
    expect(io.printed()).toContain("do: sudo usermod -aG dialout $USER");
    expect(io.printed()).toContain("1 problem found.");
  });

  test("tells programs the same", async () => {
    const io = memoryIo();
    await doctorCommand(["--json"], io, TAKEN);
    const { diagnoses } = JSON.parse(io.printed());
    expect(diagnoses.find((diagnosis: { id: string }) => diagnosis.id === "groups")).toMatchObject({
      outcome: "findings",
      findings: [{ level: "problem", where: "/dev/ttyACM0" }],
    });
  });

  test("reads the profiles of boards/, and one that cannot be read is a finding", async () => {
    const io = memoryIo();
    mkdirSync(join(io.cwd, "boards"));
    writeFileSync(join(io.cwd, "boards/broken.yaml"), "schema: 3\n");
    expect(await doctorCommand([], io, SOUND)).toBe(3);
    expect(io.printed()).toMatch(/PROBLEM: boards\/broken\.yaml: .*broken\.yaml/);
  });

  test("an example is nobody's board, unless it is named", async () => {
    const io = memoryIo();
    mkdirSync(join(io.cwd, "boards"));
    writeFileSync(join(io.cwd, "boards/dk-example.yaml"), "schema: 3\n");
    await doctorCommand([], io, SOUND);
    expect(io.printed()).not.toContain("dk-example");
    await expect(doctorCommand(["--board", "boards/dk-example.yaml"], io, SOUND)).rejects.toThrow("dk-example.yaml");
  });

  test("moves power only when it is told whose", async () => {
    const { text, code } = await complaintOf(doctorCommand(["--power"], memoryIo(), SOUND));
    expect([text, code]).toEqual([expect.stringContaining("Name the board with --board"), 2]);
  });
});
