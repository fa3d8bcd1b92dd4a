import { afterEach, expect, test } from "@jest/globals";
import { Cleanup, hex, RealClock, utf8 } from "../../core/index.ts";
import { GdbClient } from "./gdb.ts";
import { socketPeer } from "./testing/socket-peer.ts";

const clock = new RealClock();
let closing = new Cleanup();
afterEach(async () => {
  await closing[Symbol.asyncDispose]();
  closing = new Cleanup();
});

function packet(text: string): string {
  const sum = utf8(text).reduce((total, byte) => (total + byte) & 0xff, 0);
  return `$${text}#${sum.toString(16).padStart(2, "0")}`;
}

/** A stub that answers each packet by a table; "" for what it does not know, as the protocol wants. */
async function stub(answers: Readonly<Record<string, string | undefined>>) {
  const peer = await socketPeer(closing, (text) => {
    if (text.includes("\u0003")) return packet("T02thread:01;");
    const asked = /\$([^#]*)#/.exec(text)?.[1];
    if (asked === undefined) return undefined;
    const answer = asked in answers ? answers[asked] : "";
    return answer === undefined ? "+" : `+${packet(answer)}`;
  });
  const gdb = await GdbClient.open({ path: peer.path }, clock, new AbortController().signal);
  closing.add("client", () => gdb.close());
  return { gdb, peer };
}

test("memory is read in hex, and a packet carries the sum of its characters", async () => {
  const { gdb, peer } = await stub({ "m4001e504,4": "02000000" });
  expect(hex(await gdb.readMemory(0x4001_e504, 4))).toBe("02000000");
  expect(peer.got()).toContain("$m4001e504,4#90");
});

test("memory that is longer than a packet goes in several, with what is left in the last", async () => {
  const { gdb, peer } = await stub({
    [`M0,400:${"ab".repeat(1024)}`]: "OK",
    [`M400,1:ab`]: "OK",
  });
  await gdb.writeMemory(0, new Uint8Array(1025).fill(0xab));
  expect(peer.got().match(/\$M/g)).toHaveLength(2);
});

test("a refusal is told with what was asked", async () => {
  const { gdb } = await stub({ "Z2,4001e504,4": "E22" });
  await expect(gdb.watch(0x4001_e504, 4)).rejects.toMatchObject({
    kind: "bench",
    message: 'the debugger answers "E22" to Z2,4001e504,4.',
  });
});

test.each([
  ["fewer bytes than were asked for", "0200"],
  ["as many characters that are no hex digits", "0200zz00"],
])("%s are no answer", async (_what, reply) => {
  const { gdb } = await stub({ "m0,4": reply });
  await expect(gdb.readMemory(0, 4)).rejects.toMatchObject({ kind: "bench", message: expect.stringContaining("0x0") });
});

test("what runs is stopped by an interrupt; what stands still is left alone", async () => {
  const { gdb, peer } = await stub({ c: undefined });
  expect(await gdb.interrupt()).toBe(false);
  gdb.resume();
  expect(await gdb.interrupt()).toBe(true);
  expect(await gdb.interrupt()).toBe(false);
  expect(peer.got().split("\u0003")).toHaveLength(2);
});

test("a wait for a stop can be given up, and the stop is seen by the next one", async () => {
  const { gdb } = await stub({ c: undefined });
  gdb.resume();
  await expect(gdb.untilStopped(AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  await gdb.interrupt();
  await gdb.untilStopped();
});

test("an emulator that hangs up fails what waits, and what is asked after that", async () => {
  const { gdb, peer } = await stub({ c: undefined });
  gdb.resume();
  const stopped = gdb.untilStopped();
  peer.hangUp();
  await expect(stopped).rejects.toMatchObject({ kind: "bench", message: "QEMU hung up on its debugger." });
  await expect(gdb.readMemory(0, 4)).rejects.toThrow("hung up");
});
