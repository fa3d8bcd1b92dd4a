import { NetworkWatch } from "../bench/network.ts";
import type { RecordedBoard } from "../bench/recorded-board.ts";
import type { Trial } from "../bench/trial.ts";
import type { ExpectedFlash } from "../verdict/expected-flash.ts";

/** Twenty seconds to boot and swap; upgrades are asked for a test. */
export function smallTrial(recorded: RecordedBoard, expected: ExpectedFlash): Trial {
  return {
    recorded,
    expected,
    bootMs: 20_000,
    permanent: false,
    refused: false,
    bootloaderOptional: false,
    network: new NetworkWatch(false),
    networkRefused: undefined,
  };
}
