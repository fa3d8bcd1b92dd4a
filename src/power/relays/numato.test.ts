import { describe, expect, test } from "@jest/globals";
import { fromHex, hex, textOf, utf8, VirtualClock } from "../../core/index.ts";
import { type Link, memoryLinks } from "../../serial/index.ts";
import { type Contact, numato } from "../index.ts";
import type { Fault } from "../testing/coils.ts";
import { powerSwitchContract } from "../testing/contract.ts";
import { numatoPeer } from "../testing/numato-peer.ts";
import { type SerialPeer, serialRig } from "../testing/serial-rig.ts";
import { numatoAnswer, numatoCommand, numatoRelayName } from "./numato-text.ts";

const OPTIONS = { port: { path: "mem" }, relays: 16, relay: 10, contact: "NO", cuts: "board" } as const;

function rig(options: { contact?: Contact; fault?: Fault; peer?: () => SerialPeer } = {}) {
  const { contact = "NO", fault, peer = numatoPeer } = options;
  const open = (bench: Parameters<typeof numato.open>[1]) => numato.open({ ...OPTIONS, contact }, bench);
  return serialRig({ open, peer, coils: 16, channel: 11, contact, fault });
}

powerSwitchContract("numato", { open: () => rig(), readsBack: true });
powerSwitchContract("numato, normally closed", { open: () => rig({ contact: "NC" }), readsBack: true });

describe("the numato driver", () => {
  test("waits for a prompt when it opens, then sends lines that end in CR", async () => {
    await using bench = await rig();
    await bench.power.set("on");
    expect(bench.wire.map(({ bytes }) => textOf(fromHex(bytes)))).toEqual(["\r", "relay on A\r", "relay read A\r"]);
  });

  test("does not open a port where nothing prompts, and closes it again", async () => {
    const clock = new VirtualClock();
    const [host] = memoryLinks({ clock });
    let closed = 0;
    const link: Link = {
      name: host.name,
      chunks: host.chunks,
      write: (bytes, signal) => host.write(bytes, signal),
      async [Symbol.asyncDispose]() {
        closed += 1;
        await host[Symbol.asyncDispose]();
      },
    };
    await expect(numato.open(OPTIONS, { links: { open: async () => link }, clock })).rejects.toMatchObject({
      kind: "bench",
      message: "the Numato module on mem did not answer.",
    });
    expect(closed).toBe(1);
  });

  test("gets back in step before the next command when a prompt was lost", async () => {
    let asked = 0;
    const forgetful = () => {
      const well = numatoPeer();
      return (bytes: Uint8Array, coils: Parameters<SerialPeer>[1]) => {
        const answer = well(bytes, coils);
        asked += 1;
        return asked === 2 ? answer.subarray(0, 3) : answer;
      };
    };
    await using bench = await rig({ peer: forgetful });
    await expect(bench.power.set("on")).rejects.toMatchObject({ kind: "bench" });
    await bench.power.set("off");
    expect(bench.wire.map(({ bytes }) => textOf(fromHex(bytes)))).toEqual([
      "\r",
      "relay on A\r",
      "\r",
      "relay off A\r",
      "relay read A\r",
    ]);
  });

  test("refuses a relay that the module does not have", async () => {
    const links = { open: () => Promise.reject(new Error("opened")) };
    const opened = numato.open({ ...OPTIONS, relays: 8 }, { links, clock: new VirtualClock() });
    await expect(opened).rejects.toMatchObject({ kind: "configuration", message: expect.stringContaining("relay 10") });
  });
});

test.each([
  [10, 16, undefined, "A"],
  [3, 8, undefined, "3"],
  [31, 32, undefined, "V"],
  [31, 32, "two-digits", "31"],
  [7, 64, undefined, "07"],
  [8, 8, undefined, undefined],
  [40, 64, "letters", undefined],
] as const)("relay %i of %i in naming %s is called %s", (relay, relays, naming, name) => {
  expect(numatoRelayName(relay, relays, naming)).toBe(name);
});

describe("an answer on a Numato port", () => {
  test("is the one in pdudaemon's test_numatousb.py: the question's bytes, its echo, LF CR, on, LF CR, prompt", () => {
    expect(hex(utf8(numatoCommand("read", "0")))).toBe("72656c6179207265616420300d");
    expect(numatoAnswer("relay read 0\n\ron\n\r>", "relay read 0\r")).toEqual(["on"]);
  });

  test("is not found in the echo of a command that contains the word", () => {
    expect(numatoAnswer("relay on 3\n\r>", "relay on 3\r")).toEqual([]);
  });

  test("counts only after the last echo, and not before the prompt", () => {
    expect(numatoAnswer("\n\r>relay read 1\n\roff\n\r>", "relay read 1\r")).toEqual(["off"]);
    expect(numatoAnswer("relay read 1\n\roff\n\r", "relay read 1\r")).toBeUndefined();
  });
});
