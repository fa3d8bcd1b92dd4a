import { EXIT, parseJson, parseValue, readInputText } from "../../core/index.ts";
import { Attributer, causeNamed, FIELD_REPLAY_SCHEMA, historyOf, logOf, shapeOf } from "../../field/index.ts";
import type { CliIo } from "../terminal/io.ts";

const REPLAY_BYTES_MAX = 256 * 1024;

/** True for a history that `hil reproduce` wrote. What cannot be read is not one. */
export function isFieldReplay(file: string): boolean {
  try {
    const value: unknown = parseJson(readInputText(file, REPLAY_BYTES_MAX));
    return typeof value === "object" && value !== null && "kind" in value && value.kind === "field";
  } catch {
    return false;
  }
}

/**
 * Walks a history again on the model, boot by boot, and asks for its cause.
 * @returns 1: the same cause is there again; 0: it is not, or is none that must not be.
 * @throws ConfigurationError when the file cannot be understood.
 */
export function replayField(
  file: string,
  { trace, json }: { readonly trace: boolean; readonly json: boolean },
  io: CliIo,
): number {
  const replay = parseValue(parseJson(readInputText(file, REPLAY_BYTES_MAX)), FIELD_REPLAY_SCHEMA, file);
  const shape = shapeOf(replay.world);
  const history = historyOf(replay.history);
  const attributer = new Attributer();
  const boots = logOf(attributer.machine(shape), history.legs);
  const cause = attributer.attribute(shape, history)?.cause ?? "nothing";
  const again = cause === replay.cause;
  const row = causeNamed(cause);
  const wrong = again && row?.kind !== "as designed";
  if (json) {
    const told = boots.map(({ lines, starts }) => ({ starts, ...(trace ? { lines } : {}) }));
    io.out(`${JSON.stringify({ schema: 1, cause, again, boots: told }, undefined, 2)}\n`);
    return wrong ? EXIT.failed : EXIT.pass;
  }
  io.out(`world     MCUboot ${shape.generation.name}, ${shape.mode}${shape.encrypted ? ", encrypted" : ""}\n`);
  for (const [at, { lines, starts }] of boots.entries()) {
    const { cut } = history.legs[at] ?? {};
    const how =
      cut === undefined
        ? starts
          ? "an application runs"
          : "nothing runs"
        : `cut ${cut.torn === undefined ? "before" : "inside"} operation ${cut.operation}`;
    io.out(`boot ${at + 1}    ${how}; ${lines.at(-1) ?? "silent"}\n`);
    if (trace) for (const line of lines) io.out(`          ${line}\n`);
  }
  const text = row === undefined ? cause : `${row.id}, ${row.title}`;
  io.out(
    `verdict   ${again ? (wrong ? `FAIL  again: ${text}` : `PASS  as designed: ${text}`) : `PASS  not what was found: now ${text}`}\n`,
  );
  return wrong ? EXIT.failed : EXIT.pass;
}
