import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { RealClock, sleep } from "../core/index.ts";
import { openSerialPort } from "./port.ts";
import { holdersOf, serialPortError } from "./port-errors.ts";
import { canonicalSerial, fromSerialportList, listPorts, resolvePort } from "./ports.ts";
import { openPty } from "./pty.ts";

const clock = new RealClock();

describe("a port that does not open", () => {
  test("an absent one says so, and where to look", async () => {
    await expect(openSerialPort("/dev/ttyNOPE", { baudRate: 115_200, clock })).rejects.toMatchObject({
      kind: "bench",
      message: "no port /dev/ttyNOPE.",
      hint: "Plug the board in, or run `hil ports` to see what is there.",
      cause: expect.anything(),
    });
  });

  test("a file that is no serial port is called that", async () => {
    await expect(openSerialPort("/dev/null", { baudRate: 115_200, clock })).rejects.toThrow(
      "/dev/null is not a serial port.",
    );
  });

  test.each([
    ["Error: Permission denied, cannot open /dev/ttyACM0", /no permission to open \/dev\/ttyACM0\. .*dialout/],
    [
      "Error Resource temporarily unavailable Cannot lock port",
      /port \/dev\/ttyACM0 is taken\. Close the other program/,
    ],
    ["Opening COM7: Access denied", /port \/dev\/ttyACM0 is taken/],
    [
      "Error: Invalid argument setting custom baud rate of 921601",
      /does not take these settings\. Try another baud rate/,
    ],
    ["Error: the moon is full", /does not open: Error: the moon is full/],
  ])("serialport's text %j becomes a sentence", async (text, expected) => {
    const error = await serialPortError("/dev/ttyACM0", new Error(text), "/nonexistent");
    expect(error.paragraph()).toMatch(expected);
  });

  test("whoever holds the port is named, and programs that may not be looked into are passed over", async () => {
    const proc = await mkdtemp(join(tmpdir(), "proc-"));
    await mkdir(join(proc, "4711/fd"), { recursive: true });
    await mkdir(join(proc, "12"));
    await mkdir(join(proc, "self"));
    await writeFile(join(proc, "4711/comm"), "minicom\n");
    await symlink("/dev/ttyACM0", join(proc, "4711/fd/3"));
    expect(await holdersOf("/dev/ttyACM0", proc)).toEqual(["minicom (pid 4711)"]);
    expect(await holdersOf("/dev/ttyACM1", proc)).toEqual([]);
    const error = await serialPortError("/dev/ttyACM0", new Error("Cannot lock port"), proc);
    expect(error.message).toBe("port /dev/ttyACM0 is taken by minicom (pid 4711).");
  });
});

/** A tree like the one a DK behind two hubs makes, as /sys and /dev show it. */
async function fakeSystem(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "sys-"));
  const usb = join(root, "sys/devices/pci/usb1/1-1");
  for (const [tty, number] of [
    ["ttyACM0", "00"],
    ["ttyACM1", "02"],
  ] as const) {
    await mkdir(join(usb, `1-1:1.${Number(number)}`), { recursive: true });
    await writeFile(join(usb, `1-1:1.${Number(number)}`, "bInterfaceNumber"), `${number}\n`);
    await mkdir(join(root, "sys/class/tty", tty), { recursive: true });
    await symlink(join(usb, `1-1:1.${Number(number)}`), join(root, "sys/class/tty", tty, "device"));
    await mkdir(join(root, "dev/serial/by-id"), { recursive: true });
    await symlink(`../../${tty}`, join(root, `dev/serial/by-id/usb-SEGGER_J-Link_001050611489-if${number}`));
  }
  for (const [name, text] of Object.entries({
    serial: "001050611489",
    idVendor: "1366",
    idProduct: "1051",
    product: "J-Link",
  })) {
    await writeFile(join(usb, name), `${text}\n`);
  }
  await mkdir(join(root, "sys/class/tty/tty0"), { recursive: true });
  await mkdir(join(root, "sys/devices/platform/serial8250"), { recursive: true });
  await mkdir(join(root, "sys/class/tty/ttyS0"), { recursive: true });
  await symlink(join(root, "sys/devices/platform/serial8250"), join(root, "sys/class/tty/ttyS0/device"));
  await writeFile(join(root, "sys/class/tty/ttyS0/type"), "0\n");
  return root;
}

describe("the list of ports", () => {
  test("is read from plain files: consoles and ports without a chip left out, identity from USB", async () => {
    const facts = { serial: "1050611489", vendorId: "1366", productId: "1051", product: "J-Link" };
    const stablePath = "/dev/serial/by-id/usb-SEGGER_J-Link_001050611489-if";
    expect(await listPorts({ root: await fakeSystem() })).toEqual([
      { path: "/dev/ttyACM0", interface: 0, stablePath: `${stablePath}00`, ...facts },
      { path: "/dev/ttyACM1", interface: 2, stablePath: `${stablePath}02`, ...facts },
    ]);
  });

  test("is empty on a machine without ports", async () => {
    expect(await listPorts({ root: "/nonexistent" })).toEqual([]);
  });

  test.each([
    [
      { path: "/dev/tty.usbmodem0010500847913", serialNumber: "001050084791", vendorId: "1366", productId: "1051" },
      {
        path: "/dev/cu.usbmodem0010500847913",
        serial: "1050084791",
        interface: 2,
        vendorId: "1366",
        productId: "1051",
      },
    ],
    [
      {
        path: "COM7",
        serialNumber: "001050611489",
        vendorId: "1366",
        productId: "105A",
        pnpId: "USB\\VID_1366&MI_02\\6&1",
      },
      { path: "COM7", serial: "1050611489", interface: 2, vendorId: "1366", productId: "105a" },
    ],
    [{ path: "COM1" }, { path: "COM1" }],
  ])("on other systems %o is understood", (port, expected) => {
    expect(fromSerialportList(port)).toEqual(expected);
  });
});

describe("a port named by its probe", () => {
  const dk = (serial: string, number: number, path: string) => ({ path, serial, interface: number });
  const ports = [
    dk("1050611489", 0, "/dev/ttyACM0"),
    { ...dk("1050611489", 2, "/dev/ttyACM1"), stablePath: "/dev/serial/by-id/x" },
  ];

  test("is found with and without the leading zeros that USB shows", async () => {
    for (const jlink of ["001050611489", "1050611489"]) {
      expect(await resolvePort({ jlink, interface: 0 }, { ports })).toBe("/dev/ttyACM0");
      expect(await resolvePort({ jlink, interface: 2 }, { ports })).toBe("/dev/serial/by-id/x");
    }
  });

  test("a path is taken as it is", async () => {
    expect(await resolvePort({ path: "/dev/pts/7" }, { ports })).toBe("/dev/pts/7");
  });

  test("an unknown serial number is answered with those that are there", async () => {
    const none = "no interface 2 of J-Link 7. Serial numbers there: 1050611489.";
    await expect(resolvePort({ jlink: "007", interface: 2 }, { ports })).rejects.toThrow(none);
    await expect(resolvePort({ jlink: "7", interface: 2 }, { ports: [] })).rejects.toThrow("No serial port is there.");
    await expect(resolvePort({ jlink: "7", interface: 2 }, { ports: [{ path: "/dev/ttyS4" }] })).rejects.toThrow(
      "/dev/ttyS4",
    );
  });

  test("an unknown interface is answered with those of the probe", async () => {
    const error = "no interface 4 of J-Link 1050611489; it has interface 0 (/dev/ttyACM0), 2 (/dev/ttyACM1).";
    await expect(resolvePort({ jlink: "1050611489", interface: 4 }, { ports })).rejects.toThrow(error);
  });

  test("two probes of one serial number are refused, both paths named", async () => {
    const twice = [...ports, dk("1050611489", 2, "/dev/ttyACM5")];
    await expect(resolvePort({ jlink: "1050611489", interface: 2 }, { ports: twice })).rejects.toThrow(
      "is on two ports, /dev/ttyACM1 and /dev/ttyACM5.",
    );
  });

  test("a serial number that is no number is kept as it is", () => {
    expect([canonicalSerial("000000000000"), canonicalSerial("E6616408")]).toEqual(["0", "E6616408"]);
  });
});

describe("a port whose other end goes away", () => {
  test("ends every write with an error, in whatever moment of its going", async () => {
    for (let round = 0; round < 20; round += 1) {
      const { link, path } = await openPty({ clock });
      const port = await openSerialPort(path, { baudRate: 115_200, clock });
      await link[Symbol.asyncDispose]();
      const written = async () => {
        for (;;) {
          await port.write(Uint8Array.of(1));
          await sleep(clock, round / 20);
        }
      };
      await expect(written()).rejects.toThrow(`port ${path} vanished while it was in use.`);
      await port[Symbol.asyncDispose]();
    }
  });
});
