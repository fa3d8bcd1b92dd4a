import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readDfuZip, writeDfuZip } from "../../image/index.ts";
import { ImageFolder } from "../testing/image-folder.ts";

const SIGN = ["sign", "-H", "0x200", "--pad-header", "-S", "0x10000"];
const BOARD = ["--board", "nrf5340dk/nrf5340/cpuapp", "--soc", "nrf5340"];
const folder = new ImageFolder();
const run = folder.run.bind(folder);

beforeAll(async () => {
  folder.write("fw.bin", Buffer.alloc(1000, 0x42));
  await run(...SIGN, "-v", "1.2.3+4", "fw.bin", "app.signed.bin");
  await run(...SIGN, "-v", "2.0.0", "fw.bin", "net.bin");
  const created = await run("zip", "create", ...BOARD, "--time", "1700000000", "dfu.zip", "app.signed.bin", "net.bin");
  expect(created).toEqual({ exit: 0, out: "", err: "" });
});
afterAll(() => folder[Symbol.dispose]());

describe("hil image zip", () => {
  test("create numbers images and slots as the SDK does, and takes versions from the headers", async () => {
    const { files, formatVersion } = await readDfuZip(folder.read("dfu.zip"));
    expect(formatVersion).toBe(1);
    expect(files.map((file) => file.entry)).toMatchObject([
      { image_index: "0", slot_index_primary: "1", slot_index_secondary: "2", version_MCUBOOT: "1.2.3+4" },
      { image_index: "1", slot_index_primary: "3", slot_index_secondary: "4", version_MCUBOOT: "2.0.0+0" },
    ]);
  });

  test("create writes each core's board, and the address as a number, which phones demand", async () => {
    expect((await readDfuZip(folder.read("dfu.zip"))).files.map((file) => file.entry)).toMatchObject([
      { board: "nrf5340dk/nrf5340/cpuapp", load_address: 0x1_0200 },
      { board: "nrf5340dk/nrf5340/cpunet", load_address: 0x0100_8800 },
    ]);
  });

  test.each([
    ["--load-address", [["--load-address", "0x20000,3"], "fw.bin"], 0x2_0000],
    ["a ROM-fixed header", [[], "fw.bin", "--rom-fixed", "0x30000"], 0x3_0200],
    ["a HEX file", [[], "fw.hex", "-x", "0x40000"], 0x4_0200],
  ] as const)("create takes the address from %s", async (_, [argv, input, ...sign], address) => {
    const output = input === "fw.hex" ? "a.hex" : "a.bin";
    await run(...SIGN, "-v", "1.0.0", ...sign, "fw.bin", output);
    const created = await run("zip", "create", ...BOARD, ...argv, "address.zip", output);
    expect(created).toMatchObject({ exit: 0, err: "" });
    const [file] = (await readDfuZip(folder.read("address.zip"))).files;
    expect(file).toMatchObject({ name: "a.bin", entry: { load_address: address } });
  });

  test("create does not guess an address: a SoC whose partitions it does not know wants it said", async () => {
    const ran = await run("zip", "create", "--board", "b", "--soc", "nrf9160", "x.zip", "app.signed.bin");
    expect(ran.exit).toBe(2);
    expect(ran.err).toContain("--load-address");
  });

  test.each([
    ["nrf5340dk_nrf5340_cpuapp_ns", "nrf5340dk_nrf5340_cpunet"],
    ["nrf5340dk/nrf5340/cpuapp/ns", "nrf5340dk/nrf5340/cpunet"],
    ["a/cpuapp,own/radio", "own/radio"],
  ])("create with --board %s calls the network core's board %s", async (board, network) => {
    await run("zip", "create", "--board", board, "--soc", "nrf5340", "b.zip", "app.signed.bin", "net.bin");
    expect((await readDfuZip(folder.read("b.zip"))).files[1]?.entry).toMatchObject({ board: network });
  });

  test("create makes the same bytes from the same input and time", async () => {
    await run("zip", "create", ...BOARD, "--time", "1700000000", "again.zip", "app.signed.bin", "net.bin");
    expect(folder.read("again.zip").equals(folder.read("dfu.zip"))).toBe(true);
  });

  test("list names images, files, sizes and versions", async () => {
    const size = folder.read("net.bin").length;
    expect((await run("zip", "list", "dfu.zip")).out).toContain(
      `image 1  net.bin  ${size} bytes  2.0.0+0  slots 3/4\n`,
    );
    expect(await folder.json("zip", "list", "dfu.zip")).toMatchObject({ format: 1, files: [{ imageIndex: 0 }, {}] });
  });

  test("list says below a file what does not fit, on the screen and in JSON", async () => {
    const entry = {
      type: "application",
      board: "b",
      soc: "s",
      modifiedUnixS: 0,
      details: { version_MCUBOOT: "9.9.9+9" },
    };
    folder.write(
      "lies.zip",
      writeDfuZip([{ ...entry, name: "net.bin", bytes: folder.read("net.bin") }], { timeUnixS: 0 }),
    );
    const said = "the header says 2.0.0+0, the manifest 9.9.9+9";
    const { exit, out } = await run("zip", "list", "lies.zip");
    expect({ exit, line: out.split("\n")[1] }).toEqual({ exit: 0, line: `         does not fit: ${said}` });
    expect(await folder.json("zip", "list", "lies.zip")).toMatchObject({
      files: [{ headerVersion: "2.0.0+0", problems: [said] }],
    });
  });

  test("extract gives back the files as they were", async () => {
    expect((await run("zip", "extract", "dfu.zip", "out")).exit).toBe(0);
    expect(folder.read("out/net.bin").equals(folder.read("net.bin"))).toBe(true);
  });

  test("extract of a package that names a file elsewhere writes nothing", async () => {
    const file = { type: "application", board: "b", soc: "s", modifiedUnixS: 0, details: {} };
    const files = ["good.bin", "../evil.bin"].map((name) => ({ ...file, name, bytes: Uint8Array.of(1) }));
    folder.write("evil.zip", writeDfuZip(files, { timeUnixS: 0 }));
    const before = readdirSync(join(folder.path, "out"));
    const ran = await run("zip", "extract", "evil.zip", "out");
    expect(ran).toMatchObject({ exit: 2, out: "" });
    expect(ran.err).toMatch(/lies outside the folder/);
    expect(readdirSync(join(folder.path, "out"))).toEqual(before);
  });

  test.each([
    ["an unknown action", ["shrink", "dfu.zip"], /does not know "shrink"/],
    ["a file that is no package", ["list", "fw.bin"], /no directory/],
    ["a package that is missing", ["list", "nope.zip"], /package nope.zip does not exist/],
    ["create without board and SoC", ["create", "x.zip", "app.signed.bin"], /needs --board and --soc/],
    ["create without images", ["create", ...BOARD, "x.zip"], /needs the images/],
    ["no package at all", ["list"], /Missing argument 'ZIPFILE'/],
  ])("%s is exit 2 with a reason", async (_, argv, reason) => {
    const ran = await run("zip", ...argv);
    expect(ran).toMatchObject({ exit: 2, out: "" });
    expect(ran.err).toMatch(reason);
  });
});
