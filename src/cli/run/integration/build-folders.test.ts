import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { readBuildFolder, upgradeFiles } from "../../../board/index.ts";
import { writeBuild } from "../../../board/testing/build-folders.ts";
import { ScratchFolder } from "../../../core/index.ts";
import { mainIn } from "../../main.ts";
import { memoryIo } from "../../testing/memory-io.ts";

/** Two build folders as sysbuild leaves them, in a folder of their own, and hil there. */
function builds(shape: string) {
  const scratch = new ScratchFolder("build-folders");
  const [old, next] = ["build-old", "build-new"].map((name) => {
    mkdirSync(join(scratch.path, name));
    return writeBuild(shape, join(scratch.path, name));
  });
  const hil = async (...argv: readonly string[]) => {
    const io = memoryIo({ cwd: scratch.path, env: { HIL_LOCKS: scratch.path } });
    const code = await mainIn(io, argv);
    return { code, out: io.printed(), err: io.complained() };
  };
  return { old, next, hil, folder: scratch.path, [Symbol.dispose]: () => scratch[Symbol.dispose]() };
}

const ENCRYPTED = "app/zephyr/zephyr.signed.encrypted.bin";
const PLAIN = "app/zephyr/zephyr.signed.bin";

describe("hil run BUILD-OLD BUILD-NEW", () => {
  test("upgrades from the plain image of the one to the encrypted one of the other, on the twin of that build", async () => {
    using at = builds("dk-move-encrypted");
    // A real build leaves the plain image beside the encrypted one; here the shape without encryption makes it.
    using plain = builds("dk-move");
    writeFileSync(join(at.folder, "build-old", PLAIN), readFileSync(join(plain.folder, "build-old", PLAIN)));
    const init = ["init", "--from-build", "build-new", "--provider", "twin", "--name", "of-build", "--yes"];
    expect((await at.hil(...init)).code).toBe(0);
    const { code, out, err } = await at.hil(
      "run",
      "build-old",
      "build-new",
      "--board",
      "boards/of-build.yaml",
      "--dry-run",
    );
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(join("build-old", PLAIN));
    expect(out).toContain(join("build-new", ENCRYPTED));
  });

  test("takes the package where the build made one: it has the images of both cores", async () => {
    using at = builds("thingy53-both-cores");
    const archive = join(at.folder, "build-new", "dfu_application.zip");
    const files = upgradeFiles(await readBuildFolder(join(at.folder, "build-new")));
    expect(files).toEqual({ flashed: archive, uploaded: archive });
    // Twice the same build: what is said of it shows that both packages were read.
    await at.hil("init", "--from-build", "build-new", "--provider", "twin", "--name", "of-build", "--yes");
    const { code, err } = await at.hil("run", "build-old", "build-new", "--board", "boards/of-build.yaml", "--dry-run");
    expect(code).toBe(2);
    expect(err).toContain("images.new is the same image as images.old");
  });

  test.each([
    ["a folder of something else", "elsewhere", "as the folder of a build it has this"],
    ["a build that was not finished", "build-old", "holds no signed image of its application"],
  ])("refuses %s, and says what is missing", async (_, name, text) => {
    using at = builds("dk-move");
    mkdirSync(join(at.folder, "elsewhere"));
    rmSync(join(at.folder, "build-old", PLAIN));
    const { code, err } = await at.hil("run", name, "build-new");
    expect(code).toBe(2);
    expect(err).toContain(`cannot use ${name} as a signed image`);
    expect(err).toContain(text);
  });
});
