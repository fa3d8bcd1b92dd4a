import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { profileKeys } from "../../board/index.ts";
import { signedImage, zipOf } from "../../campaign/testing/signed-files.ts";
import { smallProfile } from "../../campaign/testing/small-campaign.ts";
import { sweepCommand } from "../sweep/sweep.ts";
import { complaintOf, memoryIo } from "../testing/memory-io.ts";
import { replayCommand } from "./replay.ts";
import { runCommand } from "./run.ts";

const BOARD = ["--board", "small.yaml"];
const KEYS = profileKeys(smallProfile());

/** A folder with a small board, and with two images as binaries and as packages. */
function lab() {
  const io = memoryIo();
  const [old, next] = [signedImage(KEYS, "1.0.0"), signedImage(KEYS, "2.1.3+7")];
  for (const [name, content] of Object.entries({
    "small.yaml": smallProfile().text,
    "old.bin": old,
    "new.bin": next,
    "old.zip": zipOf(["app.bin", old, 0]),
    "new.zip": zipOf(["app.bin", next, 0]),
  })) {
    writeFileSync(join(io.cwd, name), content);
  }
  return io;
}

describe("hil run OLD NEW", () => {
  test.each([
    ["old.bin", "new.bin", "image"],
    ["old.zip", "new.zip", "dfu_zip"],
  ])("upgrades from %s to %s, and the record is enough to run it again elsewhere", async (old, next, field) => {
    const io = lab();
    expect(await runCommand([old, next, ...BOARD, "--cuts", "2", "--junit", "out.xml"], io)).toBe(0);
    expect(io.printed()).toContain(`${old} to ${next} on small`);
    expect(io.printed()).toContain("verdict   PASS  2 of 2 cuts as MCUboot allows");
    expect(readFileSync(join(io.cwd, "out.xml"), "utf8")).toContain(`${old} to ${next}`);
    const [run = ""] = readdirSync(join(io.cwd, "runs"));
    const scenario = readFileSync(join(io.cwd, "runs", run, "inputs/scenario.yaml"), "utf8");
    expect(scenario).toContain(`new: { version: "2.1.3+7", payload: { ${field}: "${next}" } }`);
    expect(scenario).not.toContain(io.cwd);

    const other = memoryIo();
    mkdirSync(join(other.cwd, "runs"));
    renameSync(join(io.cwd, "runs", run), join(other.cwd, "sent"));
    rmSync(io.cwd, { recursive: true });
    expect(await replayCommand(["sent"], other)).toBe(0);
    expect(other.printed()).toContain("images    as recorded, byte for byte");
    const [again = ""] = readdirSync(join(other.cwd, "runs"));
    const events = (folder: string) => readFileSync(join(other.cwd, folder, "events.jsonl"), "utf8");
    expect(events(join("runs", again))).toBe(events("sent"));
  });

  test("a dry run shows the versions of the files, and makes as many cuts as the default scenario", async () => {
    const io = lab();
    expect(await runCommand(["old.zip", "new.bin", ...BOARD, "--dry-run", "--json"], io)).toBe(0);
    const plan: unknown = JSON.parse(io.printed());
    expect(plan).toMatchObject({
      scenario: "old.zip to new.bin",
      images: [
        { version: "1.0.0", encrypted: true },
        { version: "2.1.3.7", encrypted: true },
      ],
      cuts: 40,
    });
  });

  test.each([
    [
      ["new.zip"],
      "new.zip: this is a zip archive, not a scenario. To upgrade from one signed image to another: hil run OLD",
    ],
    [["new.bin", "new.zip"], "images.new is the same image as images.old"],
    [["old.bin", "gone.bin"], "cannot use gone.bin as a signed image: there is no such file."],
  ])("%j is refused, and makes no record", async (files, text) => {
    const io = lab();
    const complaint = await complaintOf(runCommand([...files, ...BOARD], io));
    expect(complaint).toEqual({ code: 2, text: expect.stringContaining(text) });
    expect(readdirSync(io.cwd)).not.toContain("runs");
  });

  test("encrypted images are refused for a profile without a key", async () => {
    const io = lab();
    const text = smallProfile().text.replace(
      ', encryption: "builtin:twin-enc-p256.pem" }',
      " }\nimages: { encryption: none }",
    );
    writeFileSync(join(io.cwd, "small.yaml"), text);
    const complaint = await complaintOf(runCommand(["old.bin", "new.bin", ...BOARD], io));
    expect(complaint).toEqual({
      code: 2,
      text: expect.stringContaining("images.encrypt is true, and small says images.encryption: none"),
    });
  });

  test.each(["twin-xip", "twin-xip-revert"])(
    "the default scenario is refused on %s, and one that fits named",
    async (board) => {
      const complaint = await complaintOf(runCommand(["--board", board, "--dry-run"], lab()));
      expect(complaint.code).toBe(2);
      expect(complaint.text).toContain("set images.encrypt: false, or run the scenario xip-upgrade,");
      expect(await runCommand(["xip-upgrade", "--board", board, "--dry-run"], lab())).toBe(0);
    },
  );
});

describe("hil sweep OLD NEW", () => {
  test("walks every cut of that upgrade", async () => {
    const io = lab();
    expect(await sweepCommand(["old.bin", "new.zip", ...BOARD, "--cuts", "1"], io)).toBe(0);
    expect(io.printed()).toContain("old.bin to new.zip: test upgrade and its revert");
    expect(io.printed()).toContain("verdict   PASS");
  });

  test("does not put a generated payload in an image's place", async () => {
    const complaint = await complaintOf(sweepCommand(["old.bin", "new.bin", ...BOARD, "--new-bytes", "5000"], lab()));
    expect(complaint.text).toContain("--new-bytes generates a payload, and OLD NEW are images with their own.");
  });
});
