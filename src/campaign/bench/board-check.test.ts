import { describe, expect, test } from "@jest/globals";
import { type Board, loadProfile, openBoard, parseProfile } from "../../board/index.ts";
import { Random } from "../../core/index.ts";
import { type BoardCheck, checkBoard } from "./board-check.ts";

async function twin(find: string | RegExp = "", replacement = ""): Promise<Board> {
  const { text, file } = await loadProfile("twin", { cwd: "/" });
  const changed = text.replace(find, replacement);
  return openBoard(parseProfile(changed, file), { random: Random.fromSeed(1) });
}

function checked(
  board: Board,
  more: { power?: boolean; signal?: AbortSignal; onCheck?: (c: BoardCheck) => void } = {},
) {
  return checkBoard(board, { power: true, signal: new AbortController().signal, ...more });
}

const outcomes = (checks: readonly BoardCheck[]) => checks.map(({ name, outcome }) => `${name}: ${outcome}`);

describe("checking a board", () => {
  test("finds nothing wrong with a good one: it answers, fits its profile, is cut, boots", async () => {
    await using board = await twin();
    const checks = await checked(board);
    expect(outcomes(checks)).toEqual([
      "answers: ok",
      "mcumgr parameters: ok",
      "bootloader mode: ok",
      "slots: ok",
      "running image: ok",
      "power: ok",
      "boot log: ok",
    ]);
    expect(checks.at(-1)?.text).toContain("Booting MCUboot");
  });

  test("leaves power alone when it is told to", async () => {
    await using board = await twin();
    const bootsBefore = board.logs.app.since(0).length;
    const checks = await checked(board, { power: false });
    expect(outcomes(checks)).toContain("power: not checked");
    const boots = board.logs.app.since(0).filter(({ event }) => event === "starting bootloader");
    expect([bootsBefore, boots.length]).toEqual([0, 1]);
  });

  test("says which field of the profile is another board's", async () => {
    await using board = await twin("mode: swap-move", "mode: swap-offset");
    // The twin is what its profile says, so the profile is changed after it was opened.
    const profile = { ...board.profile, bootloader: { ...board.profile.bootloader, mode: "swap-move" as const } };
    const checks = await checked({ ...board, profile, [Symbol.asyncDispose]: async () => {} });
    const mode = checks.find(({ name }) => name === "bootloader mode");
    expect(mode).toEqual({
      name: "bootloader mode",
      outcome: "failed",
      text: "the profile says swap-move, the board swap using offset.",
    });
    expect(outcomes(checks)).toContain("power: ok");
  });

  test("finds a relay whose contact is welded", async () => {
    await using board = await twin("faults: []", "faults: [relay-stuck]");
    const checks = await checked(board);
    expect(checks.at(-1)).toMatchObject({ name: "power", outcome: "failed" });
    expect(checks.at(-1)?.text).toContain("power was not cut");
  });

  test("ends at a board that does not answer", async () => {
    await using board = await twin();
    const deaf = { ...board, power: { ...board.power, facts: board.power.facts, set: async () => ({ sentAtUs: 0 }) } };
    await board.power.set("off");
    const checks = await checked({ ...deaf, [Symbol.asyncDispose]: async () => {} });
    expect(outcomes(checks)).toEqual(["answers: failed"]);
    expect(checks[0]?.text).toContain("nothing answers on");
  });

  test("given up in mid-cut leaves power on and throws the reason", async () => {
    await using board = await twin();
    const stop = new AbortController();
    const set = board.power.set.bind(board.power);
    const power = {
      facts: board.power.facts,
      set: async (state: "on" | "off", options = {}) => {
        const done = await set(state, options);
        if (state === "off") stop.abort(new Error("Ctrl-C"));
        return done;
      },
      [Symbol.asyncDispose]: async () => {},
    };
    const work = checked({ ...board, power, [Symbol.asyncDispose]: async () => {} }, { signal: stop.signal });
    await expect(work).rejects.toThrow("Ctrl-C");
    expect(await board.smp.echo("there")).toBe("there");
  });
});
