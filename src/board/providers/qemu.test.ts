import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { EXIT, Random } from "../../core/index.ts";
import { type LoadedProfile, loadProfile, parseProfile } from "../profile/profile.ts";
import { openQemu } from "./qemu.ts";

const options = { random: Random.fromSeed(1) };

/** The profile that ships, with another image or program. */
async function profile(changes: Readonly<Record<string, string>>): Promise<LoadedProfile> {
  const { text } = await loadProfile("qemu-microbit", { cwd: "/" });
  const folder = mkdtempSync(join(tmpdir(), "hil-profile-"));
  writeFileSync(join(folder, "board.bin"), new Uint8Array(1024));
  writeFileSync(join(folder, "long.bin"), new Uint8Array(0x4_0001));
  const changed = Object.entries(changes).reduce(
    (all, [field, value]) => all.replace(new RegExp(`^ {2}${field}: .*$`, "m"), `  ${field}: ${value}`),
    text.replace("  machine: microbit", "  machine: microbit\n  program: qemu-system-arm"),
  );
  return parseProfile(changed, join(folder, "board.yaml"));
}

test("a machine without QEMU is a bench that is wrong, and says what to install", async () => {
  const opening = openQemu(await profile({ image: "board.bin", program: "no-such-qemu" }), options);
  await expect(opening).rejects.toMatchObject({
    exitCode: EXIT.bench,
    message: "no-such-qemu does not run here.",
    hint: expect.stringContaining("apt-get install qemu-system-arm"),
  });
});

test("firmware that was not fetched is told by field and line, with how to fetch it", async () => {
  const opening = openQemu(await profile({ image: '"cache:nowhere/none.hex"' }), options);
  await expect(opening).rejects.toMatchObject({
    exitCode: EXIT.request,
    message: expect.stringMatching(/qemu\.image names .*nowhere\/none\.hex, which is not there/),
    hint: expect.stringContaining("npx tsx peers/fetch-smp-servers.ts"),
  });
});

test("firmware that is longer than the machine's flash is refused", async () => {
  await expect(openQemu(await profile({ image: "long.bin" }), options)).rejects.toThrow(
    /long\.bin, which does not fit the flash of microbit/,
  );
});
