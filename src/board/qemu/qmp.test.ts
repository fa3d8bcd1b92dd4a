import { afterEach, expect, test } from "@jest/globals";
import { Cleanup, RealClock } from "../../core/index.ts";
import { QmpClient } from "./qmp.ts";
import { socketPeer } from "./testing/socket-peer.ts";

const clock = new RealClock();
let closing = new Cleanup();
afterEach(async () => {
  await closing[Symbol.asyncDispose]();
  closing = new Cleanup();
});

const GREETING = '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}}, "capabilities": []}}\r\n';

async function monitor(answers: Readonly<Record<string, unknown>>) {
  const answerTo = (line: string) => {
    const { execute } = JSON.parse(line) as { execute: string };
    return `${JSON.stringify(answers[execute] ?? { return: {} })}\r\n`;
  };
  const answer = (text: string) => text.trimEnd().split("\n").map(answerTo).join("");
  const peer = await socketPeer(closing, answer, GREETING);
  const qmp = await QmpClient.open({ path: peer.path }, clock, new AbortController().signal);
  closing.add("client", () => qmp.close());
  return { qmp, peer };
}

test("capabilities are agreed on first, and an answer is what it returns", async () => {
  const { qmp, peer } = await monitor({ "query-status": { return: { running: false } } });
  expect(await qmp.execute("query-status")).toEqual({ running: false });
  expect(peer.got()).toContain('{"execute":"qmp_capabilities","arguments":{}}\n');
});

test("events between are told, and answer nothing", async () => {
  const events: string[] = [];
  const { qmp, peer } = await monitor({
    stop: { event: "STOP", timestamp: {} },
    "query-status": { return: { running: false } },
  });
  qmp.onEvent((name) => events.push(name));
  // The event is all that comes for the first command: what comes for the second one is the answer to the first.
  const asked = qmp.execute("stop");
  const second = qmp.execute("query-status");
  await expect(asked).resolves.toEqual({ running: false });
  expect(events).toEqual(["STOP"]);
  peer.hangUp();
  await expect(second).rejects.toThrow("QEMU hung up.");
});

test("a refusal is told by name", async () => {
  const { qmp } = await monitor({ memsave: { error: { class: "GenericError", desc: "Invalid addr" } } });
  await expect(qmp.execute("memsave")).rejects.toThrow(/QEMU refuses memsave: .*Invalid addr/);
});

test("the port that QEMU chose is read from its list of devices", async () => {
  const device = { label: "uart", filename: "disconnected:tcp:127.0.0.1:40123,server=on", "frontend-open": true };
  const { qmp } = await monitor({ "query-chardev": { return: [{ label: "qmp", filename: "unix:/x" }, device] } });
  expect(await qmp.portOf("uart")).toBe(40_123);
  await expect(qmp.portOf("qmp")).rejects.toThrow('QEMU has no port for qmp: "unix:/x".');
});

test.each([
  ["is no list of devices", { answer: 1 }],
  ["names a port that is none", [{ label: "uart", filename: "disconnected:tcp:127.0.0.1:99999,server=on" }]],
  ["is a long text", [{ label: "uart", filename: "x".repeat(100_000) }]],
])("an answer that %s is the emulator's fault, and told in few words", async (_what, devices) => {
  const { qmp } = await monitor({ "query-chardev": { return: devices } });
  const failed = await qmp.portOf("uart").catch((error: unknown) => error);
  expect(failed).toMatchObject({
    kind: "bench",
    message: expect.stringMatching(/^QEMU has no port for uart: .{0,600}$/),
  });
});

test("a word is read in the monitor's own notation", async () => {
  const { qmp } = await monitor({ "human-monitor-command": { return: "0000000040002304: 0x00000004\r\n" } });
  expect(await qmp.readWord(0x4000_2304)).toBe(4);
});
