import { describe, expect, test } from "@jest/globals";
import { textOf, utf8, VirtualClock } from "../../core/index.ts";
import type { PortOpener } from "../../power/index.ts";
import { type Link, type MemoryLink, memoryLinks } from "../../serial/index.ts";
import { parseProfile } from "../profile/profile.ts";
import { SharedCards } from "./shared-cards.ts";

const profile = (relay: number, port = "/dev/ttyUSB7") =>
  parseProfile(
    `schema: 1
name: lab-${relay}
provider: hardware
ports: { app: { path: /dev/ttyACM${relay} } }
power: { driver: denkovi, port: { path: ${port} }, relay: ${relay}, contact: NO, cuts: soc }
slots:
  primary: { offset: 0x10000, bytes: 0x10000 }
  secondary: { offset: 0x20000, bytes: 0x10000 }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
`,
    `/lab/lab-${relay}.yaml`,
  );

/** A card that echoes each command as it comes, and how often its port was opened and closed. */
function rig() {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const count = { opened: 0, closed: 0 };
  const devices: MemoryLink[] = [];
  const hosts: MemoryLink[] = [];
  const ports: PortOpener = {
    open: async () => {
      count.opened += 1;
      const [host, device] = memoryLinks({ clock, baudRate: 9600 });
      devices.push(device);
      hosts.push(host);
      void (async () => {
        for await (const { bytes } of device.chunks) {
          seen.push(textOf(bytes));
          await device.write(bytes);
        }
      })().catch(() => undefined);
      const link: Link = {
        name: host.name,
        chunks: host.chunks,
        write: (bytes, signal) => host.write(bytes, signal),
        [Symbol.asyncDispose]: async () => {
          count.closed += 1;
          await host[Symbol.asyncDispose]();
        },
      };
      return link;
    },
  };
  const cards = new SharedCards();
  return {
    clock,
    seen,
    count,
    devices,
    hosts,
    open: (relay: number, port?: string) => cards.openSwitch(profile(relay, port), ports, clock),
  };
}

describe("a relay card that two boards of a process use", () => {
  test("is opened once, and takes the commands of both, each with its own answer", async () => {
    const { seen, count, open } = rig();
    const [first, second] = await Promise.all([open(1), open(2)]);
    await Promise.all([first.set("on"), second.set("on"), first.set("off"), second.set("off")]);
    expect(seen.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["01+//", "01-//", "02+//", "02-//"]);
    expect(count.opened).toBe(1);
    await first[Symbol.asyncDispose]();
    await second.set("on");
    expect(count.closed).toBe(0);
    await second[Symbol.asyncDispose]();
    expect(count).toEqual({ opened: 1, closed: 1 });
  });

  test("is opened again after all have let go of it", async () => {
    const { count, open } = rig();
    await (await open(1))[Symbol.asyncDispose]();
    const again = await open(1);
    await again.set("on");
    await again[Symbol.asyncDispose]();
    expect(count).toEqual({ opened: 2, closed: 2 });
  });

  test("keeps one board's turn while another's command waits: no answer goes astray", async () => {
    const { clock, devices, open } = rig();
    const [first, second] = await Promise.all([open(1), open(2)]);
    const both = Promise.all([first.set("on"), second.set("on")]);
    // A late echo that answers no command must not be taken for the second's.
    await devices[0]?.write(utf8("noise"));
    const [a, b] = await both;
    expect(b.sentAtUs).toBeGreaterThan(a.sentAtUs);
    expect(clock.nowUs()).toBeGreaterThan(b.sentAtUs);
    for (const power of [first, second]) await power[Symbol.asyncDispose]();
  });

  test("that vanishes is gone for both, and the next to open it gets it anew", async () => {
    const { hosts, count, open } = rig();
    const [first, second] = await Promise.all([open(1), open(2)]);
    hosts[0]?.vanish();
    await expect(first.set("on")).rejects.toThrow();
    await first[Symbol.asyncDispose]();
    const again = await open(1);
    await again.set("on");
    expect(count.opened).toBe(2);
    for (const power of [second, again]) await power[Symbol.asyncDispose]();
  });

  test("leaves a switch all that its driver gave it: a kit that records still has its meter", async () => {
    const clock = new VirtualClock();
    const [host, kit] = memoryLinks({ clock });
    void (async () => {
      for await (const { bytes } of kit.chunks)
        if (bytes.includes(0x19)) await kit.write(utf8("R0: 1031.64\nVDD: 3000\nEND"));
    })().catch(() => undefined);
    const { text } = profile(1);
    const meter = text.replace(
      /^power: .*$/m,
      "power: { driver: ppk2, port: { path: kit }, mode: ampere, cuts: soc, record: true }",
    );
    const loaded = parseProfile(meter, "/lab/ppk2.yaml");
    await using power = await new SharedCards().openSwitch(loaded, { open: async () => host }, clock);
    expect(power.current).toBeDefined();
  });

  test("is another card under another port", async () => {
    const { count, open } = rig();
    const switches = [await open(1), await open(2, "/dev/ttyUSB8")];
    expect(count.opened).toBe(2);
    for (const power of switches) await power[Symbol.asyncDispose]();
  });

  test("stops a clock that is not real while the file system is asked what the port is", async () => {
    const { clock, open } = rig();
    let passedUs = 0;
    let goesOn = true;
    const tick = () => {
      passedUs += 1;
      if (goesOn) clock.at(clock.nowUs() + 1, tick);
    };
    clock.at(1, tick);
    const power = await open(1);
    const whileOpening = passedUs;
    goesOn = false;
    expect(whileOpening).toBe(0);
    await power[Symbol.asyncDispose]();
  });
});
