import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { isHilError } from "../../core/index.ts";
import { powerDriverNamed } from "../../power/index.ts";
import { builtInBoards, loadProfile, parseProfile } from "./profile.ts";

const boards = fileURLToPath(new URL("../../../boards/", import.meta.url));

/** A hardware profile with nothing left to defaults that tests change. */
const HARDWARE = `schema: 1
name: dk
provider: hardware
ports:
  app: { jlink: "001050012345", interface: 2 }
power:
  driver: lcus
  port: { path: /dev/relay }
  channel: 1
  contact: NO
  cuts: soc
slots:
  primary: { offset: 0x10000, bytes: 0x74000 }
  secondary: { offset: 0x84000, bytes: 0x74000 }
keys:
  signing: builtin:twin-sign-p256.pem
  encryption: builtin:twin-enc-p256.pem
`;

/** What the profile's error says after one edit of the text. */
function complaint(find: string | RegExp, replacement: string, text = HARDWARE): string {
  const edited = text.replace(find, replacement);
  expect(edited).not.toBe(text);
  try {
    parseProfile(edited, join(boards, "x.yaml"));
  } catch (error) {
    if (!isHilError(error)) throw error;
    expect(error.exitCode).toBe(2);
    return error.paragraph().replace(boards, "");
  }
  return "no complaint";
}

describe("profiles that ship with the package", () => {
  test("are found by name from any folder", async () => {
    const folder = await mkdtemp(join(tmpdir(), "hil-"));
    expect(builtInBoards()).toEqual([
      "emulated",
      "emulated-microbit",
      "nrf5340dk-example",
      "qemu-microbit",
      "small/move",
      "small/move-long-header",
      "small/move-no-downgrade",
      "small/net-no-downgrade",
      "small/offset",
      "small/offset-mended",
      "small/overwrite",
      "small/scratch",
      "small/scratch-long-trailer",
      "small/scratch-two",
      "small/scratch-whole",
      "twin",
      "twin-ncs171",
      "twin-ncs30",
      "twin-net",
      "twin-nsib",
      "twin-qspi",
      "twin-ram-load",
      "twin-single",
      "twin-thingy53",
      "twin-xip",
      "twin-xip-revert",
    ]);
    for (const name of builtInBoards()) {
      const loaded = await loadProfile(name, { cwd: folder });
      expect([loaded.profile.name, basename(loaded.file)]).toEqual([name.replace("/", "-"), `${basename(name)}.yaml`]);
      // An emulated board brings its own switch.
      if (!["qemu", "emulated"].includes(loaded.profile.provider)) powerDriverNamed(loaded.profile.power.driver);
    }
  });

  test("hold the nRF5340-DK's devicetree map in the twin: both slots 464 KiB, 116 pages, up to the storage partition", async () => {
    const { profile: value } = await loadProfile("twin", { cwd: "/" });
    const { primary, secondary, sectorBytes } = value.slots;
    expect([primary.offset, primary.offset + primary.bytes]).toEqual([0x10000, 0x84000]);
    expect([secondary.offset, secondary.offset + secondary.bytes]).toEqual([0x84000, 0xf8000]);
    expect(primary.bytes / sectorBytes).toBe(116);
    expect(value.bootloader).toMatchObject({ mode: "swap-move", maxImageSectors: 128, maxAlign: 8, writeBytes: 4 });
  });
});

describe("a profile", () => {
  test("names units in camel case, keeps the switch's own options apart, and fills in the rest", () => {
    const { profile: value } = parseProfile(HARDWARE, "/lab/dk.yaml");
    expect(value.ports.app).toEqual({
      jlink: "001050012345",
      interface: 2,
      baudRate: 115_200,
      hardwareFlowControl: false,
    });
    expect(value.power).toEqual({
      driver: "lcus",
      offMs: 500,
      cutLatencyMs: 0,
      holdUpMs: 0,
      cutUncertaintyMs: 0,
      leave: "on",
      options: { port: { path: "/dev/relay" }, channel: 1, contact: "NO", cuts: "soc", variant: "write-only" },
    });
    expect(value.timeoutsMs.uploadFirstChunk).toBeUndefined();
    expect(value.wear).toEqual({ cyclesMax: 10_000 });
    expect(value.keys.signingFile).toBe(join(boards, "keys", "twin-sign-p256.pem"));
  });

  test("takes a list of signing keys: the first signs; refuses one that names a key twice, is empty, or says none", () => {
    const listed = (keys: string) => HARDWARE.replace("builtin:twin-sign-p256.pem", keys);
    const { profile: value, keyNames } = parseProfile(
      listed("[builtin:twin-sign-p256.pem, builtin:twin-enc-p256.pem]"),
      "/a.yaml",
    );
    expect(value.keys.signingFile).toBe(join(boards, "keys", "twin-sign-p256.pem"));
    expect(value.keys.verifyingFiles).toEqual([join(boards, "keys", "twin-enc-p256.pem")]);
    expect(keyNames).toMatchObject({ signing: "builtin:twin-sign-p256.pem", verifying: ["builtin:twin-enc-p256.pem"] });
    for (const keys of ["[builtin:twin-sign-p256.pem, builtin:twin-sign-p256.pem]", "[]", "[none]"]) {
      expect(() => parseProfile(listed(keys), "/a.yaml")).toThrow(/keys\.signing/);
    }
  });

  test("finds its keys relative to itself, and names the line of one that is not there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "hil-"));
    await writeFile(join(folder, "mine.pem"), "");
    const text = HARDWARE.replace("builtin:twin-sign-p256.pem", "mine.pem");
    await writeFile(join(folder, "lab.yaml"), text);
    expect((await loadProfile("lab.yaml", { cwd: folder })).profile.keys.signingFile).toBe(join(folder, "mine.pem"));
    await writeFile(join(folder, "lab.yaml"), text.replace("mine.pem", "other.pem"));
    await expect(loadProfile(join(folder, "lab.yaml"), { cwd: "/" })).rejects.toMatchObject({
      message: `${folder}/lab.yaml, line 16: keys.signing names ${folder}/other.pem, which is not there.`,
    });
  });

  test("does not show a key that was pasted where the name of its file belongs", async () => {
    const folder = await mkdtemp(join(tmpdir(), "hil-"));
    const pasted = '"-----BEGIN PRIVATE KEY-----\\nMIGHAgEA\\n-----END PRIVATE KEY-----"';
    await writeFile(join(folder, "lab.yaml"), HARDWARE.replace("builtin:twin-sign-p256.pem", pasted));
    await expect(loadProfile("lab.yaml", { cwd: folder })).rejects.toMatchObject({
      message: `${folder}/lab.yaml, line 16: keys.signing holds a key.`,
    });
  });

  test("that nobody knows by name is answered with the names there are", async () => {
    await expect(loadProfile("twinn", { cwd: "/" })).rejects.toMatchObject({
      kind: "configuration",
      message: 'no board profile "twinn".',
      hint: 'Name a YAML file, or one that ships with hil: emulated, emulated-microbit, nrf5340dk-example, qemu-microbit, twin, twin-ncs171, twin-ncs30, twin-net, twin-nsib, twin-qspi, twin-ram-load, twin-single, twin-thingy53, twin-xip, twin-xip-revert, and 11 in small/. Did you mean "twin"?',
    });
  });

  test.each(["small/mvoe", "mvoe", "move"])("of the fault pack is offered with its folder: %s", async (wrong) => {
    await expect(loadProfile(wrong, { cwd: "/" })).rejects.toMatchObject({
      message: `no board profile "${wrong}".`,
      hint: expect.stringMatching(/Did you mean "small\/move"\?$/),
    });
  });

  test("is found by name beside a folder that is called the same", async () => {
    const folder = await mkdtemp(join(tmpdir(), "hil-"));
    await mkdir(join(folder, "twin"));
    expect((await loadProfile("twin", { cwd: folder })).profile.name).toBe("twin");
  });
});

describe("a profile that cannot work is refused with line, field and reason", () => {
  test.each([
    [
      "a J-Link serial number that YAML takes for a number",
      '"001050012345"',
      "001050012345",
      /^x\.yaml, line 5: ports\.app\.jlink is 001050012345; write a J-Link serial number as text, in quotes .*leading zeros\.$/,
    ],
    [
      "a port without a name",
      'jlink: "001050012345", interface: 2',
      "baud_rate: 9600",
      /line 5: ports\.app\.path is missing; name the port: by path, or by jlink and interface\.$/,
    ],
    [
      "half a J-Link port",
      ", interface: 2",
      "",
      /line 5: ports\.app\.interface is missing; expected a whole number\.$/,
    ],
    [
      "a rate that the J-Link refuses",
      "interface: 2",
      "interface: 2, baud_rate: 921600",
      /line 5: ports\.app\.baud_rate is 921600; the J-Link's virtual ports do not support this rate\.$/,
    ],
    [
      "a relay without its contact",
      "  contact: NO\n",
      "",
      /line 6: power\.contact is missing; say how the board is wired: NO .* NC /,
    ],
    [
      "a relay with a contact in lower case",
      "contact: NO",
      "contact: nc",
      /line 10: power\.contact is "nc"; expected one of NO, NC \(did you mean "NC"\?\)\.$/,
    ],
    ["an option of another driver", "channel: 1", "channel: 1\n  off: [a]", /power\.off is not a field/],
    [
      "an unknown driver",
      "driver: lcus",
      "driver: lcuss",
      /line 7: power\.driver is "lcuss"; expected one of lcus, .*command, qemu, emulated \(did you mean "lcus"\?\)\.$/,
    ],
    [
      "a mistyped field",
      "interface: 2",
      "interface: 2, baudrate: 9600",
      /ports\.app\.baudrate is not a field; did you mean "baud_rate"\?$/,
    ],
    [
      "a relay on the port of the board",
      "{ path: /dev/relay }",
      '{ jlink: "1050012345", interface: 2 }',
      /line 8: power\.port is the same port as ports\.app\.$/,
    ],
    [
      "an outage shorter than the hold-up",
      "  cuts: soc",
      "  cuts: soc\n  off_ms: 20\n  hold_up_ms: 20",
      /line 12: power\.off_ms is 20; must be longer than hold_up_ms/,
    ],
    [
      "an outage that ends before the switch has cut",
      "  cuts: soc",
      "  cuts: soc\n  off_ms: 20\n  cut_latency_ms: 25",
      /line 12: power\.off_ms is 20; must be longer than cut_latency_ms \(25\)/,
    ],
    [
      "a slot off its sectors",
      "offset: 0x84000",
      "offset: 0x84100",
      /line 14: slots\.secondary\.offset is 0x84100; must be a multiple of sector_bytes \(0x1000\)\.$/,
    ],
    [
      "slots that overlap",
      "offset: 0x84000, bytes: 0x74000",
      "offset: 0x83000, bytes: 0x74000",
      /line 14: slots\.secondary overlaps primary, which is 0x10000 to 0x84000\.$/,
    ],
    [
      "a slot beyond the flash",
      "offset: 0x84000",
      "offset: 0xa0000",
      /line 14: slots\.secondary\.bytes is 0x74000; ends at 0x114000; the internal flash ends at 0x100000\.$/,
    ],
    [
      "a primary slot over the bootloader",
      "offset: 0x10000",
      "offset: 0",
      /slots\.primary\.offset is 0; is where the bootloader lies\.$/,
    ],
    [
      "slots that swap-move cannot swap",
      "offset: 0x84000, bytes: 0x74000",
      "offset: 0x84000, bytes: 0x70000",
      /secondary\.bytes is 0x70000; must be as many sectors as primary, or one less \(swap-move\)\.$/,
    ],
    [
      "a scratch mode without a scratch area",
      "slots:\n",
      "bootloader: { mode: swap-scratch }\nslots:\n",
      /slots\.scratch is missing; swap-scratch needs a scratch area\.$/,
    ],
    [
      "scratch on external flash",
      "slots:\n",
      "bootloader: { mode: swap-scratch }\nslots:\n  scratch: { offset: 0, bytes: 0x1000, device: qspi }\n",
      /slots\.scratch\.device is "qspi"; must be internal: a swap leaves image keys there in clear .*$/,
    ],
    [
      "images to encrypt without a key",
      "  encryption: builtin:twin-enc-p256.pem\n",
      "",
      /line 15: keys\.encryption is missing; images\.encryption is "optional"\.$/,
    ],
    [
      "a twin's section on hardware",
      "keys:\n",
      "twin: { faults: [] }\nkeys:\n",
      /line 15: twin is only for provider "twin"\.$/,
    ],
    [
      "a twin's port on hardware",
      '{ jlink: "001050012345", interface: 2 }',
      '{ path: "twin:app" }',
      /ports\.app\.path is "twin:app"; names a port of the simulated board/,
    ],
    [
      "a bootloader nobody knows",
      "slots:\n",
      "bootloader: { generation: ncs-1.6 }\nslots:\n",
      /bootloader\.generation is "ncs-1\.6"; expected one of .*did you mean "ncs-1\.7"/,
    ],
  ])("%s", (_, find, replacement, text) => {
    expect(complaint(find, replacement)).toMatch(text);
  });

  test.each([
    ["swap-move", "0x74000", "0x73000", ""],
    ["swap-move", "0x73000", "0x74000", "slots.secondary.bytes"],
    ["swap-offset", "0x73000", "0x74000", ""],
    ["swap-offset", "0x74000", "0x73000", "slots.secondary.bytes"],
    ["swap-scratch", "0x74000", "0x73000", "slots.secondary.bytes"],
    ["overwrite-only", "0x74000", "0x50000", ""],
  ])("%s with a primary slot of %s bytes and a secondary of %s", (mode, primary, secondary, field) => {
    const scratch = mode === "swap-scratch" ? "\n  scratch: { offset: 0xf8000, bytes: 0x1000 }" : "";
    const slots = `  primary: { offset: 0x10000, bytes: ${primary} }
  secondary: { offset: 0x84000, bytes: ${secondary} }${scratch}`;
    const text = complaint(/slots:[^]*?(?=\nkeys)/, `bootloader: { mode: ${mode} }\nslots:\n${slots}`);
    if (field === "") expect(text).toBe("no complaint");
    else expect(text).toContain(field);
  });

  test("slots that only touch are none of that, whichever comes first", () => {
    const swapped = `slots:
  primary: { offset: 0x84000, bytes: 0x74000 }
  secondary: { offset: 0x10000, bytes: 0x74000 }`;
    expect(complaint(/slots:[^]*?(?=\nkeys)/, swapped)).toBe("no complaint");
  });

  test("a layout with more sectors than the bootloader's table, as Thingy:53 maps have with the default", () => {
    const qspi = HARDWARE.replace("bytes: 0x74000 }", "bytes: 0xe0000 }");
    expect(complaint(/secondary: .*/, "secondary: { offset: 0, bytes: 0xe0000, device: qspi }", qspi)).toMatch(
      /line 13: slots\.primary\.bytes is 0xe0000; is 224 sectors, more than max_image_sectors \(128\): raise it here and/,
    );
    const raised = qspi.replace("slots:\n", "bootloader: { max_image_sectors: 256 }\nslots:\n");
    expect(complaint(/secondary: .*/, "secondary: { offset: 0, bytes: 0xe0000, device: qspi }", raised)).toBe(
      "no complaint",
    );
  });

  test("a twin with ports or a switch that only hardware has", async () => {
    const { text } = await loadProfile("twin", { cwd: "/" });
    expect(complaint('path: "twin:app"', "path: /dev/ttyACM0", text)).toMatch(
      /ports\.app\.path is "\/dev\/ttyACM0"; must name a port of the simulated board: twin:app, twin:net, twin:relay\.$/,
    );
    expect(complaint("faults: []", "faults: [relay-stuk]", text)).toMatch(/did you mean "relay-stuck"\?/);
    const command = /power:[^]*?cuts: soc/;
    expect(complaint(command, "power:\n  driver: command\n  on: [a]\n  off: [b]\n  cuts: soc", text)).toMatch(
      /power\.driver is "command"; must be lcus: the simulated relay is an LCUS board\.$/,
    );
  });

  test("an emulated board with what only other boards have", async () => {
    const { text } = await loadProfile("qemu-microbit", { cwd: "/" });
    const lcus = "driver: lcus\n  port: { path: /dev/ttyUSB0 }\n  channel: 1\n  contact: NC\n  cuts: soc";
    expect(complaint('path: "qemu:uart"', "path: /dev/ttyACM0", text)).toMatch(
      /ports\.app\.path is "\/dev\/ttyACM0"; must be qemu:uart: the emulated board has no other\.$/,
    );
    expect(complaint("driver: qemu", lcus, text)).toMatch(/power\.driver is "lcus"; must be qemu: power of/);
    expect(complaint("provider: qemu", "provider: hardware", text)).toMatch(/qemu.*; is only for provider "qemu"\./);
    expect(complaint(/qemu:\n {2}machine[^]*?(?=\nports)/, "", text)).toMatch(/qemu .*is missing\.$/);
    expect(complaint("machine: microbit", "machine: microbyte", text)).toMatch(
      /qemu\.machine is "microbyte"; expected/,
    );
  });
});
