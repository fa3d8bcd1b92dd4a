import { expect, test } from "@jest/globals";
import { reservationWords } from "../wire/words.ts";
import { boardsOf } from "./board-view.ts";
import type { BoardRow, JobRow } from "./rows.ts";

const NOW = new Date("2026-11-30T12:00:00Z");
const at = (time: string) => new Date(`2026-11-30T${time}Z`);
const board = (name: string, more: Partial<BoardRow> = {}): BoardRow => ({
  ...{ name, agent: "host", tags: [name], state: "free", why: "", lane: null, instance: null, wear: 0, infra_fails: 0 },
  ...{ aside: null, aside_since: null, state_since: at("11:00:00"), last_run: null, seen: NOW },
  ...{ reserved_by: null, reserved_why: null, reserved_until: null, reserved_since: null },
  ...more,
});
const job = (number: number, more: Partial<JobRow> = {}): JobRow => ({
  ...{ id: `job ${number}`, number, who: "ann", name: "upgrade", scenario: "x.yaml", files: [], board_tags: "" },
  ...{ priority: 0, labels: {}, options: {}, state: "waiting", said: "", board: null, agent: null, attempt: 0 },
  ...{ engine_id: null, not_on: [], only_board: null, cancel_asked: false, submitted: NOW, started: null },
  ...{ ended: null, exit_code: null, record: null, batch: null, batch_number: null, batch_of: null },
  ...more,
});
const held = (until: Date) => ({
  ...{ reserved_by: "ann", reserved_why: "new relay", reserved_until: until, reserved_since: at("10:00:00") },
});

test("a board says since when it is what it is, and which job comes next; none does on one that is not in service", () => {
  const boards = [
    board("a"),
    board("b", { seen: at("11:30:00") }),
    board("c", { aside: "its bench failed", aside_since: at("09:00:00") }),
    board("d", held(at("13:00:00"))),
    board("e"),
  ];
  const running = job(1, { state: "running", board: "e", started: at("11:50:00") });
  const told = boardsOf(boards, [running, job(2), job(3), job(4)], NOW);
  expect(told.map(({ name, state, since, next }) => [name, state, since?.slice(11, 16), next?.number])).toEqual([
    ["a", "free", "11:00", 2],
    ["b", "gone", "11:30", undefined],
    ["c", "set aside", "09:00", undefined],
    ["d", "reserved", "10:00", undefined],
    ["e", "running", "11:50", 3],
  ]);
});

test("only whoever holds a board is told, and only in the minutes before it ends", () => {
  const soon = boardsOf([board("a", held(at("12:10:00"))), board("b", held(at("12:10:01")))], [], NOW);
  expect(reservationWords(soon, "ann")).toEqual([
    'your reservation of a ends at 2026-11-30 12:10 UTC. To keep it: hil lab reserve a 1h --why "new relay"',
  ]);
  expect(reservationWords(soon, "bob")).toEqual([]);
});
