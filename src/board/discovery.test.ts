import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { PortInfo } from "../serial/index.ts";
import { DK_VERSIONS, discoverBoards, findProfile, portsOf, profileFiles } from "./discovery.ts";
import { parseProfile } from "./profile/profile.ts";

const port = (index: number, number: number, more: Partial<PortInfo> = {}): PortInfo => ({
  path: `/dev/ttyACM${index}`,
  serial: "001050012345",
  interface: number,
  vendorId: "1366",
  product: "J-Link",
  ...more,
});

const coresOf = (ports: readonly PortInfo[]) =>
  discoverBoards(ports).map(({ serial, dk, ports: own }) => [
    serial,
    dk,
    own.map(({ vcom, core }) => `${vcom} ${core}`),
  ]);

describe("boards by their J-Link", () => {
  test("a DK from v2.0.0 on: network core first, application core last, whatever the names of the ports", () => {
    expect(coresOf([port(7, 2), port(9, 0)])).toEqual([
      ["1050012345", "v2.0.0 or later", ["0 network", "1 application"]],
    ]);
  });

  test("a DK before v2.0.0 has a port in the middle that is on a connector", () => {
    expect(coresOf([port(0, 0), port(1, 2), port(2, 4)])).toEqual([
      ["1050012345", "before v2.0.0", ["0 network", "1 connector P24", "2 application"]],
    ]);
  });

  test("another probe is listed, and its ports are nobody's", () => {
    const [board] = discoverBoards([port(0, 0)]);
    expect(board).toMatchObject({ dk: undefined, ports: [{ vcom: 0, core: undefined }] });
    expect(board?.doubts).toEqual(["its ports are on interfaces 0: no nRF5340-DK shows these."]);
  });

  test("two probes with one number, and numbers of clones, are doubtful", () => {
    const [twice] = discoverBoards([port(0, 0), port(1, 2), port(2, 0), port(3, 2)]);
    expect(twice?.doubts[0]).toContain("two probes share this serial number");
    const [clone] = discoverBoards([port(0, 0, { serial: "123456" }), port(1, 2, { serial: "123456" })]);
    expect(clone?.doubts).toEqual(["this serial number is one of J-Link clones."]);
  });

  test("are sorted by number; adapters of others are none", () => {
    const others = [port(4, 0, { vendorId: "1a86" }), { path: "/dev/ttyS0" }];
    const serials = discoverBoards([port(0, 0, { serial: "20" }), port(1, 0, { serial: "3" }), ...others]);
    expect(serials.map(({ serial }) => serial)).toEqual(["3", "20"]);
  });

  test("every version of the DK has its cores on ports that it shows", () => {
    const wrong = DK_VERSIONS.filter(({ interfaces, app, net }) => {
      const shown: readonly number[] = interfaces;
      return !shown.includes(app) || !shown.includes(net) || app !== shown.at(-1) || net !== shown[0];
    });
    expect(wrong).toEqual([]);
  });
});

const profileText = (app: string) => `schema: 1
name: dk
provider: hardware
ports: { app: ${app}, net: { path: ./net } }
power: { driver: lcus, port: { path: ./relay }, channel: 1, contact: NO, cuts: soc }
slots: { primary: { offset: 0x10000, bytes: 0x74000 }, secondary: { offset: 0x84000, bytes: 0x74000 } }
images: { encryption: none }
keys: { signing: "builtin:twin-sign-p256.pem" }
`;

describe("profiles and their ports", () => {
  test("a profile is connected when all that it names is there", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hil-discovery-"));
    const file = join(folder, "dk.yaml");
    writeFileSync(file, profileText('{ jlink: "1050012345", interface: 2 }'));
    writeFileSync(join(folder, "net"), "");
    const stablePath = join(folder, "net");
    expect(await findProfile(file, [])).toMatchObject({
      name: "dk",
      serial: "1050012345",
      missing: ["ports.app (J-Link 1050012345 VCOM1)", "power.port (./relay)"],
    });
    writeFileSync(join(folder, "relay"), "");
    expect((await findProfile(file, [port(0, 2, { serial: "1050012345", stablePath })])).missing).toEqual([]);
  });

  test("a file that is no profile is told as it is found", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hil-discovery-"));
    writeFileSync(join(folder, "b.yml"), "schema: 7\n");
    writeFileSync(join(folder, "a.txt"), "");
    const [file = ""] = profileFiles(folder);
    expect(profileFiles(folder)).toEqual([join(folder, "b.yml")]);
    expect((await findProfile(file, [])).fault).toContain("schema");
    expect(profileFiles(join(folder, "none"))).toEqual([]);
  });

  test("the ports that a profile names are listed with their fields", () => {
    const { profile } = parseProfile(profileText("{ path: /dev/a }"), "/lab/dk.yaml");
    expect(portsOf(profile).map(({ field }) => field)).toEqual(["ports.app", "ports.net", "power.port"]);
  });

  test("ports that another machine serves are not looked for on this one", () => {
    const served = profileText('{ path: "tcp:10.0.0.7:3001" }').replace("{ path: ./net }", '{ path: "rfc2217://b:1" }');
    const { profile } = parseProfile(served.replace("net:", 'smp: { path: "udp:10.0.0.7" }, net:'), "/lab/dk.yaml");
    expect(portsOf(profile).map(({ field }) => field)).toEqual(["power.port"]);
  });
});
