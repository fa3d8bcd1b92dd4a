import { loudBoard, wrongWithGood } from "../../src/campaign/testing/loud-boards.ts";

/**
 * Good boards that log, up to 90 % of their line, or say nothing: `npx tsx scripts/nightly/loud-boards.ts [COUNT] [FIRST]`.
 * Their campaigns must pass.
 */
const [count = 200, first = 1] = process.argv.slice(2).map(Number);
let wrong = 0;
for (let seed = first; seed < first + count; seed += 1) {
  const board = loudBoard(seed);
  const text = await wrongWithGood(board);
  if (text === undefined) continue;
  wrong += 1;
  process.stdout.write(
    `seed ${seed} (${board.voice.name}, ${board.bytesPerS} B/s at ${board.baudRate} baud): ${text}\n`,
  );
}
process.stdout.write(`${wrong} of ${count} campaigns on good boards did not pass\n`);
process.exitCode = wrong === 0 ? 0 : 1;
