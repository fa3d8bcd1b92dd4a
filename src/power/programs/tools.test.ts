import { existsSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { gpio, resetSwitch, uhubctl, ykush } from "../index.ts";
import type { Fault } from "../testing/coils.ts";
import { powerSwitchContract } from "../testing/contract.ts";
import { FAKE_GPIOSET, FAKE_NRFUTIL_RESET, FAKE_UHUBCTL, FAKE_YKUSHCMD } from "../testing/fake-tools.ts";
import { programRig } from "../testing/program-rig.ts";
import { uhubctlState } from "./uhubctl-output.ts";
import { ykushState } from "./ykush.ts";

const hub = (fault?: Fault) =>
  programRig({
    open: (program, bench) => uhubctl.open({ hub: "1-1.4", port: 2, repeat: 100, program }, bench),
    tool: FAKE_UHUBCTL,
    fault,
  });
const yepkit = () =>
  programRig({
    open: (program, bench) => ykush.open({ serial: "YK1", port: 2, program }, bench),
    tool: FAKE_YKUSHCMD,
  });
const pin = () =>
  programRig({
    open: (program, bench) =>
      gpio.open({ chip: "gpiochip0", line: 17, on_level: 0, libgpiod: 2, cuts: "soc", program }, bench),
    tool: FAKE_GPIOSET,
  });
const probe = () =>
  programRig({
    open: (program, bench) => resetSwitch.open({ tool: "nrfutil", serial: "001050012345", program }, bench),
    tool: FAKE_NRFUTIL_RESET,
  });

powerSwitchContract("uhubctl", { open: () => hub(), readsBack: true });
powerSwitchContract("ykush", { open: yepkit, readsBack: true });
powerSwitchContract("gpio", { open: pin, readsBack: false });
powerSwitchContract("reset", { open: probe, readsBack: false, resetOnly: true });

describe("the tools' arguments", () => {
  test("uhubctl switches one port of one hub, repeats off, and is asked after each", async () => {
    await using bench = await hub();
    await bench.power.set("on");
    await bench.power.set("off");
    expect(await bench.calls()).toEqual([
      "-l 1-1.4 -p 2 -a on",
      "-l 1-1.4 -p 2",
      "-l 1-1.4 -p 2 -a off -r 100",
      "-l 1-1.4 -p 2",
    ]);
  });

  test("ykushcmd is told board, serial number and port", async () => {
    await using bench = await yepkit();
    await bench.power.set("off");
    expect(await bench.calls()).toEqual(["ykush -s YK1 -d 2", "ykush -s YK1 -g 2"]);
  });

  test("nrfutil resets by the pin, the serial number without zeros, and on asks nothing", async () => {
    await using bench = await probe();
    await bench.power.set("off");
    await bench.power.set("on");
    expect(await bench.calls()).toEqual(["device reset --serial-number 1050012345 --reset-kind RESET_PIN"]);
    expect(bench.power.facts.cuts).toBe("reset only");
  });

  test("J-Link Commander gets a script that resets, runs and ends, which goes when the switch is closed", async () => {
    const keep = 'for word in "$@"; do case "$word" in *.jlink) cat "$word" >> calls;; esac; done';
    const bench = await programRig({
      open: (program, bench) => resetSwitch.open({ tool: "jlink", serial: "42", program }, bench),
      tool: { script: keep, refusal: "exit 1" },
    });
    await bench.power.set("off");
    await bench.power[Symbol.asyncDispose]();
    const [call = "", ...script] = await bench.calls();
    expect(call).toMatch(/^-nogui 1 -USB 42 .*-device nrf5340_xxaa_app -CommanderScript \S+reset\.jlink$/);
    expect(script).toEqual(["ExitOnError 1", "r", "g", "q"]);
    expect(existsSync(call.split(" ").at(-1) ?? "")).toBe(false);
  });

  test("a tool that is not installed is named", async () => {
    await using bench = await hub("unplugged");
    await expect(bench.power.set("on")).rejects.toMatchObject({ message: expect.stringContaining("cannot run") });
  });
});

describe("what uhubctl prints", () => {
  const usb2 = "Current status for hub 1-1.4 [2109:2817 Hub, USB 2.10, 4 ports, ppps]\n";
  const usb3 = "Current status for hub 2-1 [2109:0817 Hub, USB 3.10, 4 ports, ppps]\n";

  test.each([
    [`${usb2}  Port 2: 0100 power\n`, "on"],
    [`${usb2}  Port 2: 0000 off\n`, "off"],
    [`${usb2}  Port 2: 0001\n`, "off"],
    [`${usb2}  Port 12: 0100 power\n`, "unknown"],
    [`${usb2}  Port 2: 0000 off\n${usb3}  Port 2: 02a0 power 5gbps\n`, "on"],
    [`${usb2}  Port 2: 0000 off\n${usb3}  Port 2: 0100\n`, "off"],
    [
      `${usb2}  Port 2: 0100 power\nSent power off request\n${usb2.replace("Current", "New")}  Port 2: 0000 off\n`,
      "off",
    ],
    [`${usb2}  Port 2: fffffffc\n`, "unknown"],
    ["  Port 2: 0100 power\n", "unknown"],
    ["", "unknown"],
  ])("%j is %s", (output, state) => {
    expect(uhubctlState(output, 2)).toBe(state);
  });
});

test.each([
  ["\nDownstream port 2 is ON\n", 2, "on"],
  ["Downstream port 2 is OFF", 2, "off"],
  ["Downstream port is ON", 1, "on"],
  ["Downstream port 3 is ON", 2, "unknown"],
  ["Downstream port 2 is UNKNOWN", 2, "unknown"],
  ["Unable to open device", 2, "unknown"],
] as const)("ykushcmd's %j for port %i is %s", (output, port, state) => {
  expect(ykushState(output, port)).toBe(state);
});
