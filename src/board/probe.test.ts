import { describe, expect, test } from "@jest/globals";
import { BenchError, Random, VirtualClock } from "../core/index.ts";
import { type Link, memoryLinks } from "../serial/index.ts";
import { probeBoard } from "./probe.ts";
import { loadProfile } from "./profile/profile.ts";
import { makeTwin } from "./providers/twin.ts";

const { signal } = new AbortController();

describe("asking a board that nobody knows", () => {
  test("learns its mode, slots and buffers", async () => {
    const clock = new VirtualClock();
    const [host, app] = memoryLinks({ clock });
    const [, relay] = memoryLinks({ clock });
    const loaded = await loadProfile("twin", { cwd: "/" });
    await using _twin = makeTwin(loaded, { clock, random: Random.fromSeed(1), links: { app, relay } });
    // It boots while it is asked: the answer comes to a later try.
    expect(await probeBoard(async () => host, clock, signal)).toEqual({
      answers: true,
      facts: { mode: "swap-move", primaryBytes: 0x74000, secondaryBytes: 0x74000, bufferBytes: 1024, bufferCount: 4 },
    });
  });

  test("takes silence, and a port that does not open, for answers", async () => {
    const clock = new VirtualClock();
    const [host] = memoryLinks({ clock, names: ["/dev/quiet", "nobody"] });
    const silent = await probeBoard(async () => host, clock, signal);
    expect(silent).toMatchObject({ answers: false, why: expect.stringContaining("waited") });
    const gone = () => Promise.reject<Link>(new BenchError("no port /dev/x.", "Plug it in."));
    expect(await probeBoard(gone, clock, signal)).toEqual({ answers: false, why: "no port /dev/x. Plug it in." });
  });

  test("is given up with the caller's reason", async () => {
    const clock = new VirtualClock();
    const [host] = memoryLinks({ clock });
    const stop = new AbortController();
    clock.at(100_000, () => stop.abort(new Error("Ctrl-C")));
    await expect(probeBoard(async () => host, clock, stop.signal)).rejects.toThrow("Ctrl-C");
  });
});
