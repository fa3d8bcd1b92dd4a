import { describe, expect, test } from "@jest/globals";
import { HostGaps } from "./host-gaps.ts";

/** A host whose clocks a test moves: the monotonic one, and wall time. */
function host() {
  const time = { us: 0, wallMs: 1_000_000 };
  const gaps = new HostGaps(
    () => time.us,
    () => time.wallMs,
    () => () => undefined,
  );
  const pass = (ms: number, wallMs = ms) => {
    time.us += ms * 1000;
    time.wallMs += wallMs;
    gaps.beat();
  };
  return { gaps, pass, time };
}

describe("a host that is attended", () => {
  test("has no gap while its beats come in time", () => {
    const { gaps, pass } = host();
    const stop = gaps.attend();
    for (let beat = 0; beat < 10; beat += 1) pass(20);
    expect(gaps.longestUs(0)).toBe(0);
    stop();
  });

  test("shows by how much it stood still while its clock went on", () => {
    const { gaps, pass, time } = host();
    const stop = gaps.attend();
    pass(20);
    pass(420);
    pass(20);
    expect(gaps.longestUs(0)).toBe(400_000);
    expect(gaps.longestUs(time.us)).toBe(0);
    stop();
  });

  test("shows how long it slept while its clock stood still", () => {
    const { gaps, pass } = host();
    const stop = gaps.attend();
    pass(20);
    pass(20, 30_020);
    expect(gaps.longestUs(0)).toBe(30_000_000);
    stop();
  });

  test("takes wall time that is set right by a little, or set back, for no gap", () => {
    const { gaps, pass } = host();
    const stop = gaps.attend();
    pass(20, 120);
    pass(20, -5_000);
    expect(gaps.longestUs(0)).toBe(0);
    stop();
  });

  test("remembers nothing of the time when nobody attended", () => {
    const { gaps, time } = host();
    time.us += 9_000_000;
    const stop = gaps.attend();
    stop();
    time.us += 9_000_000;
    expect(gaps.longestUs(0)).toBe(0);
  });
});
