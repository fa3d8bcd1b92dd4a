import type { LoadedProfile } from "../board/index.ts";
import { checkRequest, prepare, type ScenarioFile } from "../campaign/index.ts";
import { EXIT, Random, RealClock } from "../core/index.ts";
import { count, grouped, seconds } from "../report/index.ts";
import type { CliIo } from "./io.ts";

/**
 * What `hil run --dry-run` shows: files read, images built, the swap as the model sees it. Touches no board.
 * @throws ConfigurationError for everything that a real run would refuse.
 */
export async function dryRun(
  request: { readonly board: LoadedProfile; readonly scenario: ScenarioFile; readonly seed: number },
  io: CliIo,
): Promise<number> {
  await checkRequest(request.scenario, request.board);
  const { images, shadow } = await prepare(request, { clock: new RealClock() }, Random.fromSeed(request.seed));
  shadow.place(images.old, images.new);
  shadow.requestTest();
  const timeline = shadow.timeline();
  const { scenario } = request;
  const { profile } = request.board;
  const { count: cuts, at_ms: at, on } = scenario.value.cuts;
  const planned = at?.length ?? on?.length ?? cuts ?? 0;
  const perCutUs = timeline.totalUs * 1.5 + (profile.timeoutsMs.boot * 1000) / 4;
  io.out(`${scenario.value.name} on ${profile.name}: a dry run, nothing moves\n`);
  for (const image of [images.old, images.new]) {
    const kind = image.encrypted ? "signed, encrypted" : "signed";
    io.out(`image     ${image.role} ${image.version}: ${grouped(image.fileBytes)} B, ${kind}\n`);
  }
  io.out(
    `swap      ${count(timeline.operations.length, "flash operation")}, ${seconds(timeline.operationsUs)} by the model\n`,
  );
  io.out(`cuts      ${count(planned, "cut")}, about ${seconds(planned * perCutUs)} on a board\n`);
  return EXIT.pass;
}
