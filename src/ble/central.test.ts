import { expect, test } from "@jest/globals";
import { HCI } from "./hci/commands.ts";
import { type BleCentral, type GattLink } from "./index.ts";
import { airBench, boardIn, PLACE } from "./testing/bench.ts";

const open = (central: BleCentral, board = "board", limitMs = 5_000): Promise<GattLink> =>
  central.open({ board, ...PLACE }, { limitMs });

test("a board is found by its name, connected, and speaks both ways at the smaller MTU", async () => {
  await using bench = await airBench({ board: { mtu: 498 } });
  const heard: number[] = [];
  bench.board.onLink((link) => link.onValue(({ bytes }) => void link.write(Uint8Array.of(...bytes, 9))));
  const link = await open(bench.central);
  expect(link.mtu).toBe(498);
  link.onValue(({ bytes }) => heard.push(...bytes));
  await link.write(Uint8Array.of(1, 2));
  await link.resubscribe();
  expect(heard).toEqual([1, 2, 9]);
});

test("a name longer than an advertisement has room for is found by its scan response", async () => {
  await using bench = await airBench({ board: { name: "nRF5340 of lab 7" } });
  await expect(open(bench.central, "nRF5340 of lab 7")).resolves.toMatchObject({ mtu: 517 });
});

test("a board that is silent is a timeout that says who was heard", async () => {
  await using bench = await airBench({ board: { name: "lab-08" } });
  await expect(open(bench.central, "lab-07", 1_000)).rejects.toThrow(
    'waited 1000 ms for a board named "lab-07" in the air over the air\'s adapter. Heard: "lab-08".',
  );
});

test("two boards of one name are refused with both addresses, and each of two names is found", async () => {
  await using bench = await airBench();
  await using second = await boardIn(bench.air, bench.clock, { address: Uint8Array.of(9, 2, 3, 4, 5, 0xc7) });
  await expect(open(bench.central)).rejects.toThrow(
    'two boards are named "board": C6:05:04:03:02:01 and C7:05:04:03:02:09.',
  );
  await second.power(false);
  await using other = await boardIn(bench.air, bench.clock, {
    name: "other",
    address: Uint8Array.of(9, 2, 3, 4, 5, 0xc7),
  });
  const links = [await open(bench.central), await open(bench.central, "other")];
  expect(links.map(({ name }) => name.split(" ")[0])).toEqual(["board", "other"]);
  await other.power(false);
  await expect(open(bench.central, "board")).rejects.toThrow("Nobody advertises.");
});

test("a board that comes back under another address is found again, with a new discovery", async () => {
  await using bench = await airBench();
  const link = await open(bench.central);
  const ends: unknown[] = [];
  link.onEnd((reason) => ends.push(reason));
  await bench.board.power(false);
  await using reborn = await boardIn(bench.air, bench.clock, { address: Uint8Array.of(7, 7, 7, 7, 7, 0xc7) });
  const again = await open(bench.central);
  expect(again.name).toContain("C7:07:07:07:07:07");
  expect(reborn.broken).toBeUndefined();
  await bench.board.power(true);
  await bench.clock.advance(2_000);
  expect(String(ends[0])).toContain("the link's supervision time ran out (HCI 0x08)");
  await expect(link.write(Uint8Array.of(1))).rejects.toThrow("has ended");
});

test("an adapter that knows no faster radio, or answers it with nothing, connects all the same", async () => {
  await using silent = await airBench({ adapter: { silentTo: [HCI.leSetPhy.opcode] } });
  await expect(open(silent.central)).resolves.toMatchObject({ mtu: 517 });
  // It is not asked again.
  const beforeUs = silent.clock.nowUs();
  await silent.board.power(false);
  await silent.board.power(true);
  await open(silent.central);
  expect(silent.clock.nowUs() - beforeUs).toBeLessThan(500_000);
});

test("an adapter that does not answer a step of connecting ends it in one sentence", async () => {
  await using bench = await airBench({ adapter: { silentTo: [HCI.leSetScanEnable.opcode] } });
  await expect(open(bench.central)).rejects.toThrow(/to answer LE Set Scan Enable/);
  await using deaf = await airBench({ adapter: { silentTo: [HCI.leCreateConnection.opcode] } });
  await expect(open(deaf.central)).rejects.toThrow(/waited 2000 ms .* to answer LE Create Connection\./);
});

test("an adapter that is unplugged ends its links and whatever waits", async () => {
  await using bench = await airBench();
  const link = await open(bench.central);
  const ends: unknown[] = [];
  link.onEnd((reason) => ends.push(reason));
  const search = open(bench.central, "nobody");
  search.catch(() => undefined);
  await bench.clock.advance(100);
  bench.adapter.vanish();
  await expect(search).rejects.toThrow("the air's adapter vanished.");
  expect(String(ends[0])).toContain("vanished");
});

test("a build that wants pairing, and a board of this name without the service, are named at once", async () => {
  await using bench = await airBench({ board: { wantsPairing: true } });
  await expect(open(bench.central)).rejects.toThrow(/switching notifications of board .*: this build wants pairing/);
  const other = { board: "board", ...PLACE, service: "00000000-1db7-4cd3-868b-8a527460aa84" };
  await expect(bench.central.open(other, { limitMs: 5_000 })).rejects.toThrow(/has no service 00000000-/);
});
