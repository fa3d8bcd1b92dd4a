import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { imageCrypto, loadProfile, profileKeys } from "../../../board/index.ts";
import { Random } from "../../../core/index.ts";
import { buildImage, generatePayload, parseVersion } from "../../../image/index.ts";
import { complaintOf, memoryIo } from "../../testing/memory-io.ts";
import { appFile, packageOf } from "../../testing/two-cores.ts";
import { runCommand } from "../run.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "hil-xip-zips-"));
afterAll(() => rmSync(FOLDER, { recursive: true }));
const board = await loadProfile("twin-xip", { cwd: FOLDER });
const { primary, secondary } = board.profile.slots;

/** One application, linked and signed for a slot, as sysbuild packs it for direct-XIP: by `slot`. */
function variant(version: string, slot: 0 | 1) {
  const romFixed = slot === 0 ? primary.offset : secondary.offset;
  const { headerBytes } = board.profile.images;
  const bodyAddress = romFixed + headerBytes;
  const body = generatePayload({ random: Random.fromSeed(version), name: "app", version, bodyAddress, bytes: 9000 });
  const crypto = imageCrypto(profileKeys(board), false);
  const { image } = buildImage(body, {
    version: parseVersion(version),
    headerBytes,
    padHeader: true,
    romFixed,
    ...crypto,
  });
  const file = appFile(image, { load_address: bodyAddress, image_index: "0", slot: String(slot) });
  return { ...file, name: slot === 0 ? "app.signed.bin" : "mcuboot_secondary_app.signed.bin" };
}

const write = (name: string, ...files: ReturnType<typeof variant>[]) =>
  writeFileSync(join(FOLDER, name), packageOf(...files));
write("old.zip", variant("1.0.0", 0), variant("1.0.0", 1));
write("new.zip", variant("2.0.0", 0), variant("2.0.0", 1));
write("slot-0.zip", variant("2.0.0", 0));

const asked = (next: string) => [join(FOLDER, "old.zip"), join(FOLDER, next), "--board", "twin-xip", "--cuts", "2"];

test("of a package with the application for either slot, the one runs that is for the slot it goes to", async () => {
  const io = memoryIo();
  expect(await runCommand(asked("new.zip"), io)).toBe(0);
  expect(io.printed()).toContain("PASS  2 of 2 cuts");
});

test("a package without an image for the slot that is free is refused by its slot", async () => {
  const { code, text } = await complaintOf(runCommand(asked("slot-0.zip"), memoryIo()));
  expect([code, text]).toEqual([2, expect.stringContaining("it holds no image of the application for slot 1")]);
});
