/**
 * Admission against the twin: for every board, generation and kind of encryption, each good, bad and strange image is
 * asked about, and a twin is booted with it. CI boots one in nine of fewer (src/campaign/integration/admission.test.ts).
 */
import {
  AdmissionBench,
  COMBINATIONS,
  type Combination,
} from "../../src/campaign/integration/testing/admission-cases.ts";
import { GENERATIONS, isWithin } from "../../src/mcuboot/index.ts";

/** Images whose header contradicts the board or itself: some old bootloaders run them, and hil does not send them. */
const NO_QUESTION: ReadonlySet<string> = new Set(["wrong-slot-address", "short header", "both-aes-flags"]);

const boards = new Map(COMBINATIONS.map(({ board, mode }) => [board, mode]));
const everything: Combination[] = [...boards].flatMap(([board, mode]) =>
  GENERATIONS.filter(({ release }) => mode !== "offset" || isWithin(release, { from: "2.2" })).flatMap(
    ({ name: generation }) => [true, false].map((encrypt) => ({ board, mode, generation, encrypt })),
  ),
);

let [asked, green, goodRefused, admittedAll] = [0, 0, 0, 0];
for (const combination of everything) {
  using bench = new AdmissionBench(combination);
  for (const image of bench.cases()) {
    const isAdmitted = await bench.isAdmitted(image);
    asked += 1;
    if (isAdmitted) admittedAll += 1;
    if (NO_QUESTION.has(image.name)) continue;
    const runs = await bench.runsOnTwin(image);
    const where = `${combination.board} ${combination.generation} encrypt ${combination.encrypt}: ${image.name}`;
    if (isAdmitted && !runs) {
      green += 1;
      console.error(`${where}: admitted, and does not run`);
    }
    if (!isAdmitted && runs) {
      goodRefused += 1;
      console.error(`${where}: refused, and runs`);
    }
  }
}
console.log(`${asked} images asked about on ${everything.length} boards, ${admittedAll} admitted`);
console.log(`green for the wrong reason: ${green}; good images refused: ${goodRefused}`);
process.exitCode = green + goodRefused === 0 && asked >= 200 ? 0 : 1;
