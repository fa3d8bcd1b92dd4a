import { describe, expect, test } from "@jest/globals";
import { DISK_FAULT_CODES, diskError } from "./disk.ts";

describe("what a disk says", () => {
  test.each(DISK_FAULT_CODES)("%s is the bench's failure, with a sentence and what to do", (code) => {
    const cause = Object.assign(new Error(`${code}: raw text`), { code, syscall: "open", path: "/mnt/x" });
    const error = diskError(cause);
    expect(error).toMatchObject({ kind: "bench", exitCode: 3, cause });
    expect(error?.paragraph()).toMatch(new RegExp(`^cannot open /mnt/x: [a-z -]+ \\(${code}\\)\\. [A-Z].+\\.$`));
    expect(diskError(cause, "cannot write out.xml")?.message).toMatch(/^cannot write out\.xml: /);
  });

  test("anything else is not its business", () => {
    expect([diskError(new RangeError("x")), diskError("ENOSPC"), diskError({ code: "ENOENT" })]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(diskError({ code: "ENOSPC" })?.message).toBe("cannot write a file: no room is left on the disk (ENOSPC).");
  });
});
