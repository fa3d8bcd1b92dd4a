import { describe, expect, test } from "@jest/globals";
import { hil, ptyBench } from "../../testing/process.ts";

/** In real time: three twins in processes of their own, at once, for each waits most of its time. */
const REAL_TIME_MS = 120_000;

describe("hil run with SMP over the network, against twins that hil twin serves", () => {
  test(
    "upgrades, cuts and judges over TCP, over RFC 2217, and over UDP beside the log's UART",
    async () => {
      const ways = ["tcp", "rfc2217", "udp"] as const;
      const ends = await Promise.all(
        ways.map(async (over) => {
          await using lab = await ptyBench({ over });
          const { code, out, err } = await hil(lab.folder, "run", "small.yaml", "--board", "lab.yaml").done;
          const uploads = lab.newestRun().events.filter(({ event }) => event === "upload-finished");
          return { over, code, err, passed: /PASS {2}2 of 2 cuts/.test(out), uploads: uploads.length > 0 };
        }),
      );
      expect(ends).toEqual(ways.map((over) => ({ over, code: 0, err: "", passed: true, uploads: true })));
    },
    REAL_TIME_MS,
  );
});
