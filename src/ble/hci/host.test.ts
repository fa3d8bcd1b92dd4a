import { expect, test } from "@jest/globals";
import { concat, utf8, VirtualClock } from "../../core/index.ts";
import { type MemoryLink, memoryLinks } from "../../serial/index.ts";
import { Air } from "../air.ts";
import { HCI } from "./commands.ts";
import { encodeEvent } from "./events.ts";
import { H4, type H4Packet, H4Reader, h4 } from "./h4.ts";
import { HciHost, HciRefused } from "./host.ts";

test("a command that a controller answers with nothing ends by its own limit, and the next one is asked", async () => {
  const clock = new VirtualClock();
  const link = new Air(clock).controller({ name: "/dev/ttyACM3", silentTo: [HCI.leSetPhy.opcode] });
  await using host = await HciHost.open(link, { clock });
  const phy = { handle: 1, all: 0, transmit: 2, receive: 2, options: 0 };
  await expect(host.command(HCI.leSetPhy, phy, { limitMs: 500 })).rejects.toThrow(
    "waited 500 ms for the Bluetooth adapter /dev/ttyACM3 to answer LE Set PHY.",
  );
  expect(clock.nowUs()).toBe(500_000);
  await expect(host.command(HCI.readAddress, {})).resolves.toEqual({ address: new Uint8Array(6) });
});

test("a port on which something else speaks is no adapter, and the error says what came", async () => {
  const clock = new VirtualClock();
  const [link, other] = memoryLinks({ clock, names: ["/dev/ttyACM1", "a board"] });
  const opening = HciHost.open(link, { clock });
  await other.write(utf8("*** Booting Zephyr ***"));
  await expect(opening).rejects.toThrow(/to answer Reset\. 22 bytes came that begin no HCI packet/);
});

test("a refusal names the command and the code", async () => {
  const clock = new VirtualClock();
  await using host = await HciHost.open(new Air(clock).controller({ name: "hci" }), { clock });
  const unknown = { ...HCI.reset, name: "Whatever", opcode: 0x0c7f };
  const refused = await host.command(unknown, {}).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(HciRefused);
  expect(String(refused)).toContain("the Bluetooth adapter hci refuses Whatever: unknown command (HCI 0x01)");
});

/** A controller by hand, with two buffers of 27 bytes, that says when it is done with a packet only when it is told. */
async function handMade(clock: VirtualClock) {
  const [link, device] = memoryLinks({ clock, names: ["adapter", "controller"] });
  const data: H4Packet[] = [];
  const returns = new Map<number, readonly number[]>([
    [HCI.leReadBufferSize.opcode, [27, 0, 2]],
    [HCI.readAddress.opcode, [1, 2, 3, 4, 5, 6]],
    [HCI.leReadFeatures.opcode, [0, 0, 0, 0, 0, 0, 0, 0]],
  ]);
  void (async () => {
    const reader = new H4Reader();
    for await (const { bytes } of device.chunks) {
      for (const packet of reader.push(bytes)) {
        if (packet.type === H4.acl) data.push(packet);
        else {
          const [low = 0, high = 0] = packet.bytes;
          const rest = returns.get(low | (high << 8)) ?? [];
          await say(device, encodeEvent("commandComplete", Uint8Array.of(1, low, high, 0, ...rest)));
        }
      }
    }
  })();
  const host = await HciHost.open(link, { clock });
  host.onData(0x40, () => undefined);
  const done = (packets: number) => say(device, encodeEvent("completedPackets", Uint8Array.of(1, 0x40, 0, packets, 0)));
  return { host, link, device, data, done };
}

const say = (device: MemoryLink, event: Uint8Array) => device.write(h4(H4.event, event));

test("no more packets are with a controller than it has buffers, and a message's packets follow one another", async () => {
  const clock = new VirtualClock();
  const { host, data, done } = await handMade(clock);
  const first = host.send(0x40, 4, new Uint8Array(60).fill(1));
  const second = host.send(0x40, 4, new Uint8Array(30).fill(2));
  await clock.advance(1);
  expect(data).toHaveLength(2);
  await done(1);
  await clock.advance(1);
  expect(data).toHaveLength(3);
  await first;
  await done(2);
  await clock.advance(1);
  await second;
  const bodies = concat(...data.map(({ bytes }) => bytes.subarray(4)));
  expect([...bodies.subarray(4, 64)].every((byte) => byte === 1)).toBe(true);
  expect([...bodies.subarray(68)].every((byte) => byte === 2)).toBe(true);
  await host[Symbol.asyncDispose]();
});

test("a link that ends gives its buffers back and fails what waits for it; a controller without room is given up", async () => {
  const clock = new VirtualClock();
  const { host, device, data } = await handMade(clock);
  const lost = host.send(0x40, 4, new Uint8Array(90));
  lost.catch(() => undefined);
  await clock.advance(1);
  await say(device, encodeEvent("disconnected", Uint8Array.of(0, 0x40, 0, 8)));
  await expect(lost).rejects.toThrow("the link over adapter has ended.");
  host.onData(0x41, () => undefined);
  const stuck = host.send(0x41, 4, new Uint8Array(90));
  stuck.catch(() => undefined);
  await clock.advance(1);
  expect(data).toHaveLength(4);
  await expect(stuck).rejects.toThrow("waited 10000 ms for room in the buffers of the Bluetooth adapter adapter");
  await host[Symbol.asyncDispose]();
});

test("a port that vanishes fails the command that waits, with the port's error", async () => {
  const clock = new VirtualClock();
  const { host, link } = await handMade(clock);
  const ends: unknown[] = [];
  host.onEnd((reason) => ends.push(reason));
  const asked = host.send(0x40, 4, new Uint8Array(200));
  asked.catch(() => undefined);
  link.vanish();
  await expect(asked).rejects.toThrow("adapter vanished.");
  await expect(host.command(HCI.reset, {})).rejects.toThrow("adapter vanished.");
  expect(ends).toHaveLength(1);
});
