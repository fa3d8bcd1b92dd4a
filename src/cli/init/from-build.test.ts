import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import {
  buildProfileOf,
  compareBuild,
  type LoadedProfile,
  loadProfile,
  profileKeys,
  readBuildFolder,
} from "../../board/index.ts";
import { BUILD_SHAPES, type WrittenBuild, writeBuild } from "../../board/testing/build-folders.ts";
import type { BuildShape } from "../../board/testing/build-shapes.ts";
import { equalBytes, hex } from "../../core/index.ts";
import { generateKey, keyHash, parseImage, TLV, tlvsOf, verifyImage } from "../../image/index.ts";
import { runCommand } from "../run/run.ts";
import { complaintOf, memoryIo } from "../testing/memory-io.ts";
import { initCommand } from "./init.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "hil-from-build-"));
afterAll(() => rmSync(FOLDER, { recursive: true }));

interface Initialised extends WrittenBuild {
  readonly io: ReturnType<typeof memoryIo>;
  readonly loaded: LoadedProfile;
  readonly text: string;
}

async function initialised(name: string): Promise<Initialised> {
  const built = writeBuild(name, join(FOLDER, name, "build"));
  const io = memoryIo();
  const argv = [
    "--from-build",
    built.folder,
    "--provider",
    "twin",
    "--name",
    name,
    "--out",
    join(FOLDER, name, "twin.yaml"),
  ];
  expect(await initCommand([...argv, "--force"], io, async () => [])).toBe(0);
  const loaded = await loadProfile(join(FOLDER, name, "twin.yaml"), { cwd: FOLDER });
  return { ...built, io, loaded, text: readFileSync(loaded.file, "utf8") };
}

/** With downgrade prevention only images of one version can be put back for the next cut. */
const SCENARIO = ({ encrypts, expected }: BuildShape) => `schema: 1
name: short
images:
  old: { version: "1.0.0", payload: { generate_bytes: 8192 } }
  new: { version: "${expected["downgradePrevention"] === true ? "1.0.0" : "2.0.0"}", payload: { generate_bytes: 9000 } }
  encrypt: ${encrypts}
cuts: { count: 2 }
`;

describe.each(BUILD_SHAPES.map((shape) => shape.name))("a profile from the build %s", (name) => {
  test("has nothing to correct by hand, and every line that a build decides says where it comes from", async () => {
    const { text } = await initialised(name);
    expect(text).not.toContain("CHANGE");
    const decided = text.slice(text.indexOf("bootloader:"), text.indexOf("timeouts_ms"));
    const fields = decided.split("\n").filter((line) => line.startsWith("  "));
    expect(fields.length).toBeGreaterThan(15);
    for (const line of fields) expect(line).toMatch(/ # [^ ]+(:\d+ |: no |: its header|: the larger)/);
  });

  test("agrees with what is known of it, its image's header, its keys and its addresses", async () => {
    const { loaded, shape, signed, signingKey } = await initialised(name);
    const { slots, images, bootloader, keys, ports } = loaded.profile;
    expect(slots.primary).toMatchObject({ ...shape.primary, device: "internal" });
    expect(slots.secondary).toMatchObject(shape.secondary);
    expect(slots.networkRamBytes).toBe(shape.networkRamBytes);
    const { s0, s1 } = slots;
    expect({ s0, s1 }).toMatchObject(shape.halves ?? { s0: undefined, s1: undefined });
    expect(images.loadAddress).toBe(shape.ramAddress);
    expect(bootloader).toMatchObject(shape.expected);
    expect(ports.app.baudRate).toBe(shape.usb ? 115_200 : Number(shape.appBaud));
    if (shape.network) expect(ports.net?.baudRate).toBe(Number(shape.netBaud));
    const image = parseImage(signed);
    expect(images.headerBytes).toBe(image.header.headerBytes);
    const named = tlvsOf(image).find(({ type }) => type === TLV.KEYHASH)?.data ?? new Uint8Array();
    const signer = profileKeys(loaded).signing;
    expect(hex(keyHash(signingKey, profileKeys(loaded).hash))).toBe(hex(named));
    expect(signer && equalBytes(signer.publicBytes, signingKey.publicBytes)).toBe(true);
    const decryptKey = profileKeys(loaded).encryption?.key;
    expect(keys.encryptionFile !== undefined).toBe(shape.encrypts);
    const opened = verifyImage(signed, {
      publicKey: signingKey,
      ...(decryptKey && { decryptKey: decryptKey as never }),
    });
    expect(opened.ok).toBe(true);
    // The reset vector of the image itself: it runs from this slot, or this place in RAM, and no other.
    const reset = new DataView(Uint8Array.from(opened.plainBody ?? []).buffer).getUint32(4, true);
    expect(reset - (images.loadAddress ?? slots.primary.offset) - images.headerBytes).toBe(0x101);
  });

  test("is a board that runs a campaign, and the build finds nothing that differs", async () => {
    const { loaded, folder, shape } = await initialised(name);
    const checks = compareBuild(await buildProfileOf(await readBuildFolder(folder)), loaded, undefined);
    expect(checks.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    expect(checks.filter(({ name }) => name.endsWith(": place")).map(({ text }) => text.split(" at ")[0])).toContain(
      shape.ramAddress === undefined ? "linked for the primary slot" : "linked for RAM",
    );
    const io = memoryIo();
    writeFileSync(join(io.cwd, "short.yaml"), SCENARIO(shape));
    const code = await runCommand(["short.yaml", "--board", loaded.file], io);
    expect([code, io.printed()]).toEqual([0, expect.stringContaining("PASS  2 of 2 cuts")]);
  });
});

describe("hil init --from-build", () => {
  test("tells of the other layout in a build that was moved to devicetree, and which one counts", async () => {
    const { text, io } = await initialised("dk-ncs34-devicetree");
    for (const said of [text, io.complained()]) {
      expect(said).toContain("The Partition Manager is off: zephyr.dts counts, and partitions.yml is left over");
      expect(said).toContain("primary 0xc000+0x74000 there, 0x10000+0x58000 here");
    }
  });

  test("writes all keys that a bootloader takes and that are on this machine, the one that signs first", async () => {
    const folder = join(FOLDER, "several-keys/build");
    writeBuild("dk-move", folder);
    const config = join(folder, "mcuboot/zephyr/.config");
    writeFileSync(join(FOLDER, "older.pem"), generateKey("ecdsa-p256"));
    const text = readFileSync(config, "utf8");
    const first = /CONFIG_BOOT_SIGNATURE_KEY_FILE="(.*)"/.exec(text)?.[1];
    const list = `${first},${join(FOLDER, "older.pem")}, /gone/lost.pem`;
    writeFileSync(config, text.replace(`KEY_FILE="${first}"`, `KEY_FILE="${list}"`));
    const io = memoryIo();
    const out = join(FOLDER, "several-keys/twin.yaml");
    const argv = ["--from-build", folder, "--provider", "twin", "--name", "several", "--out", out];
    expect(await initCommand(argv, io, async () => [])).toBe(0);
    const { keys } = (await loadProfile(out, { cwd: FOLDER })).profile;
    expect([keys.signingFile, keys.verifyingFiles]).toEqual([first, [join(FOLDER, "older.pem")]]);
    expect(io.complained()).toContain("/gone/lost.pem (not on this machine)");
  });

  test("writes a board on the desk: the build's sections, the ports that are plugged in, keys named by hand", async () => {
    const { folder } = await initialised("ncs171-child-images");
    const io = memoryIo();
    const dk = [0, 2].map((number) => ({
      path: `/dev/ttyACM${number}`,
      serial: "1050012345",
      interface: number,
      vendorId: "1366",
      product: "J-Link",
    }));
    const argv = ["--from-build", folder, "--no-probe", "--yes", "--signing", "builtin:twin-sign-p256.pem"];
    expect(await initCommand(argv, io, async () => dk)).toBe(0);
    const { profile, keyNames } = await loadProfile("boards/dk-1050012345.yaml", { cwd: io.cwd });
    expect(profile).toMatchObject({ provider: "hardware", smp: { bufferBytes: 512, bufferCount: 6 } });
    expect(profile.ports).toMatchObject({ app: { jlink: "1050012345", baudRate: 115_200 }, net: { baudRate: 57_600 } });
    expect(keyNames.signing).toBe("builtin:twin-sign-p256.pem");
  });

  test("names the file of a key that stands in MCUboot's keys.c, and says that everybody has it", async () => {
    const { text, io } = await initialised("dk-key-in-source");
    expect(text).toMatch(
      / {2}encryption: ".*\/mcuboot\/enc-x25519-priv\.pem" # .*\/boot\/zephyr\/keys\.c:\d+ enc_key\n/,
    );
    expect(io.complained()).toMatch(/is compiled in, and published: .*enc-x25519-priv\.pem/);
  });

  test("takes the network core's banner for its version only where it is the version of its image", async () => {
    const { folder } = await initialised("dk-ncs34-devicetree");
    const dk = [0, 2].map((number) => ({
      path: `/dev/ttyACM${number}`,
      serial: "1050012345",
      interface: number,
      vendorId: "1366",
      product: "J-Link",
    }));
    const written = async () => {
      const io = memoryIo();
      const argv = ["--from-build", folder, "--no-probe", "--yes", "--power", "later"];
      expect(await initCommand(argv, io, async () => dk)).toBe(0);
      const { profile } = await loadProfile("boards/dk-1050012345.yaml", { cwd: io.cwd });
      return { version: profile.ports.net?.version ?? "", io };
    };
    const { version } = await written();
    expect(new RegExp(version).exec("*** Booting ipc_radio v1.0.0-4f2a ***")?.groups?.["version"]).toBe("1.0.0");
    const header = join(folder, "net/zephyr/include/generated/app_version.h");
    writeFileSync(header, readFileSync(header, "utf8").replace("1.0.0", "1.1.0"));
    const other = await written();
    expect(other.version).toContain("firmware version");
    expect(other.io.complained()).toContain("dfu_application.zip net.bin says 1.0.0");
  });

  test.each([
    ["no build at all", "nowhere", /cannot read the build folder/],
    ["an empty folder", "empty", /neither domains.yaml nor zephyr\/.config/],
    ["MCUboot's part alone", "dk-move/build/mcuboot", /has no application/],
  ])("refuses %s", async (_, place, said) => {
    writeBuild("dk-move", join(FOLDER, "dk-move/build"));
    mkdirSync(join(FOLDER, "empty"), { recursive: true });
    const argv = ["--from-build", join(FOLDER, place), "--provider", "twin"];
    const { text, code } = await complaintOf(initCommand(argv, memoryIo()));
    expect([text, code]).toEqual([expect.stringMatching(said), 2]);
  });

  test("marks a key that is not on this machine, and says which one the build names", async () => {
    const { folder } = await initialised("dk-move");
    rmSync(join(folder, "../keys/sign.pem"));
    const io = memoryIo();
    await initCommand(["--from-build", folder, "--provider", "twin", "--out", "t.yaml"], io);
    expect(readFileSync(join(io.cwd, "t.yaml"), "utf8")).toMatch(
      /signing: builtin:.*# CHANGE: .*sign\.pem .*not on this machine/,
    );
  });
});
