import { expect, test } from "@jest/globals";
import type { LabBoard } from "../wire/messages.ts";
import { metricsText } from "./metrics.ts";

const board = (name: string): LabBoard => ({
  ...{
    name,
    agent: "host",
    tags: [],
    state: "free",
    why: "",
    since: null,
    job: null,
    next: null,
    reserved: null,
    lastRun: null,
    seen: null,
  },
});

test("metrics count every state of a job, also those that no job is in, and name each board with its state", () => {
  const byState = new Map([
    ["waiting", 3],
    ["passed", 7],
  ]);
  const text = metricsText({ byState, oldestWaitingS: 12.5 }, [board("lab-07")]);
  expect(text).toContain('hil_jobs_open{state="waiting"} 3\nhil_jobs_open{state="given"} 0\n');
  expect(text).toContain('hil_jobs_ended_total{state="passed"} 7\n');
  expect(text).toContain('hil_jobs_ended_total{state="bench failed"} 0\n');
  expect(text).toContain("\nhil_oldest_waiting_seconds 12.5\n");
  expect(text).toContain('hil_board_state{board="lab-07",agent="host",state="free"} 1\n');
});

test("a board's name begins no line and no label of its own", () => {
  const text = metricsText({ byState: new Map(), oldestWaitingS: 0 }, [board('a"} 1\nhil_jobs_open{state="x\\')]);
  expect(text).toContain('board="a\\"} 1\\nhil_jobs_open{state=\\"x\\\\",');
  for (const line of text.split("\n")) expect(line).toMatch(/^$|^# (HELP|TYPE) \S+ .+$|^\w+(\{.*\})? [\d.]+$/);
});
