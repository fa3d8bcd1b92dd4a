import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { loadProfile } from "../../board/index.ts";
import type { PortInfo } from "../../serial/index.ts";
import { complaintOf, type MemoryIo, memoryIo } from "../testing/memory-io.ts";
import { initCommand } from "./init.ts";

const port = (index: number, more: Partial<PortInfo> = {}): PortInfo => ({
  path: `/dev/ttyACM${index}`,
  serial: "1050012345",
  interface: 2 * index,
  vendorId: "1366",
  product: "J-Link",
  ...more,
});
const DK = [port(0), port(1)];
const RELAY: PortInfo = {
  path: "/dev/ttyUSB0",
  stablePath: "/dev/serial/by-id/usb-1a86-if00",
  vendorId: "1a86",
  productId: "7523",
};

async function init(argv: readonly string[], ports: readonly PortInfo[] = DK, more: Partial<MemoryIo> = {}) {
  const io = memoryIo(more);
  const code = await initCommand(["--no-probe", ...argv], io, async () => [...ports]);
  return { io, code };
}

const loaded = async (io: MemoryIo, file: string) => (await loadProfile(file, { cwd: io.cwd })).profile;

describe("hil init for a board that is plugged in", () => {
  test("writes a profile that hil accepts, with the DK's ports and the relay that it found", async () => {
    const { io, code } = await init(["--yes"], [...DK, RELAY]);
    expect(code).toBe(0);
    expect(io.printed()).toContain("written   boards/dk-1050012345.yaml");
    expect(await loaded(io, "boards/dk-1050012345.yaml")).toMatchObject({
      name: "dk-1050012345",
      ports: { app: { jlink: "1050012345", interface: 2, dtr: true }, net: { jlink: "1050012345", interface: 0 } },
      power: {
        driver: "lcus",
        options: { port: { path: "/dev/serial/by-id/usb-1a86-if00" }, channel: 1, contact: "NC", cuts: "soc" },
      },
    });
  });

  test("knows the three ports of an early DK: the application core is on the last", async () => {
    const { io } = await init(["--yes"], [port(0), port(1), port(2)]);
    expect(await loaded(io, "boards/dk-1050012345.yaml")).toMatchObject({
      ports: { app: { interface: 4 }, net: { interface: 0 } },
    });
  });

  test("without a switch writes one that fails at its first command, and says what to change", async () => {
    const { io } = await init(["--yes"]);
    const text = readFileSync(join(io.cwd, "boards/dk-1050012345.yaml"), "utf8");
    expect(text).toContain("# CHANGE: what switches this board's power?");
    expect((await loaded(io, "boards/dk-1050012345.yaml")).power.driver).toBe("command");
  });

  test("takes a driver's fields from --power-option, and paths as they are seen from here", async () => {
    const argv = ["--power", "lcus", "--power-option", "port=dev/relay", "--power-option", "channel=3"];
    const { io } = await init([...argv, "--yes", "--out", "lab/dk.yaml"]);
    expect((await loaded(io, "lab/dk.yaml")).power.options).toMatchObject({
      port: { path: "../dev/relay" },
      channel: 3,
    });
  });

  test("asks for what nobody said, one question a field, and shows what Enter means", async () => {
    const questions: string[] = [];
    const answers: Readonly<Record<string, string>> = {
      Power: "numato",
      "numato: port": "/dev/relay",
      "numato: relays": "4",
      "numato: relay (": "2",
      "Name of": "bench 7",
    };
    const ask = async (question: string) => {
      questions.push(question);
      return Object.entries(answers).find(([start]) => question.startsWith(start))?.[1] ?? "";
    };
    const { io } = await init(["--power-option", "relay=2", "--power-option", "contact=NO"], DK, { ask });
    expect(await loaded(io, "boards/bench-7.yaml")).toMatchObject({
      name: "bench 7",
      power: { driver: "numato", options: { port: { path: "/dev/relay" }, relays: 4, relay: 2, contact: "NO" } },
    });
    expect(questions.some((question) => question.includes("[dk-1050012345]"))).toBe(true);
    expect(questions.some((question) => question.includes("contact"))).toBe(false);
  });

  test("writes its own keys, and no encryption where none is named", async () => {
    const io = memoryIo();
    const key = readFileSync(new URL("../../../boards/keys/twin-sign-p256.pem", import.meta.url));
    writeFileSync(join(io.cwd, "sign.pem"), key);
    await init(["--yes", "--signing", "sign.pem"], DK, io);
    expect(await loaded(io, "boards/dk-1050012345.yaml")).toMatchObject({
      keys: { signingFile: join(io.cwd, "sign.pem") },
      images: { encryption: "none" },
    });
  });
});

describe("hil init never", () => {
  test("overwrites a profile without --force", async () => {
    const { io } = await init(["--yes"]);
    const file = join(io.cwd, "boards/dk-1050012345.yaml");
    writeFileSync(file, "precious");
    const { text, code } = await complaintOf(init(["--yes"], DK, { cwd: io.cwd }));
    expect([text, code]).toEqual([expect.stringContaining("is there already. Nothing was written"), 2]);
    expect(readFileSync(file, "utf8")).toBe("precious");
    await init(["--yes", "--force"], DK, { cwd: io.cwd });
    expect(readFileSync(file, "utf8")).toContain("dk-1050012345");
  });

  test.each([
    [["--yes", "--serial", "77"], DK, /no J-Link 77\. Plugged in: 1050012345/],
    [["--yes"], [...DK, port(0, { serial: "2" }), port(1, { serial: "2" })], /Which J-Link: 2, 1050012345.*--serial/s],
    [["--yes"], [], /No J-Link was found.*--port/s],
    [["--yes", "--power", "lcu"], DK, /no power driver "lcu".*"lcus"/s],
    [["--yes", "--power", "lcus"], DK, /lcus: port.*--power-option port=VALUE/s],
    [["--yes", "--power-option", "channel"], DK, /wants FIELD=VALUE/],
    [["--yes", "--power", "lcus", "--power-option", "port=x", "--power-option", "channel=9"], DK, /channel/],
    [["--provider", "moon"], DK, /--provider wants hardware, twin or emulated/],
    [["--from-twister", "a", "--from-labgrid", "b"], DK, /exclude each other/],
    [["--baud", "7"], DK, /--baud wants a whole number/],
  ] as [string[], PortInfo[], RegExp][])("writes a file that is wrong: %j", async (argv, ports, said) => {
    const io = memoryIo();
    const { text, code } = await complaintOf(init(argv, ports, { cwd: io.cwd }));
    expect(text).toMatch(said);
    expect(code).toBe(2);
    expect(existsSync(join(io.cwd, "boards"))).toBe(false);
  });
});

describe("hil init for others", () => {
  test("writes a simulated board of your own", async () => {
    const { io } = await init(["--provider", "twin", "--name", "mine"], []);
    expect(await loaded(io, "boards/mine.yaml")).toMatchObject({ name: "mine", provider: "twin" });
  });

  test("imports a hardware map: one profile a board, all or none", async () => {
    const io = memoryIo();
    const entry = (id: string) =>
      `- { connected: true, id: "${id}", platform: nrf5340dk_nrf5340_cpuapp, product: J-Link, runner: nrfutil, serial: /dev/s${id} }\n`;
    writeFileSync(join(io.cwd, "map.yaml"), entry("1") + entry("2"));
    const { code } = await init(["--from-twister", "map.yaml"], [], { cwd: io.cwd });
    expect(code).toBe(0);
    expect((await loaded(io, "boards/dk-2.yaml")).ports.app).toMatchObject({ path: "/dev/s2" });
    const folder = join(io.cwd, "other");
    mkdirSync(folder);
    writeFileSync(join(folder, "dk-2.yaml"), "precious");
    const { text } = await complaintOf(init(["--from-twister", "map.yaml", "--out", "other"], [], { cwd: io.cwd }));
    expect(text).toContain("other/dk-2.yaml is there already");
    expect(existsSync(join(folder, "dk-1.yaml"))).toBe(false);
  });

  test("imports a labgrid environment, and says what it left out", async () => {
    const io = memoryIo();
    writeFileSync(
      join(io.cwd, "env.yaml"),
      "targets: { dk7: { resources: { RawSerialPort: { port: /dev/x }, YKUSHPowerPort: { serial: YK1, index: 2 } } }, far: { resources: { RemotePlace: { name: p } } } }\n",
    );
    const complained: string[] = [];
    await init(["--from-labgrid", "env.yaml"], [], { cwd: io.cwd, err: (text) => void complained.push(text) });
    expect((await loaded(io, "boards/dk7.yaml")).power).toMatchObject({ driver: "ykush", options: { port: 2 } });
    expect(complained.join("")).toContain("left out: far");
  });

  test("says so when two boards of a file would have one profile", async () => {
    const io = memoryIo();
    const target = "{ resources: { RawSerialPort: { port: /dev/x } } }";
    writeFileSync(join(io.cwd, "env.yaml"), `targets: { "dk 1": ${target}, dk-1: ${target} }\n`);
    const { text } = await complaintOf(init(["--from-labgrid", "env.yaml"], [], { cwd: io.cwd }));
    expect(text).toContain("two boards of this file would both be boards/dk-1.yaml");
  });
});
