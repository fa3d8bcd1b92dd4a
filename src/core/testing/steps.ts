import { type Profiler, Session } from "node:inspector";
import { setFlagsFromString } from "node:v8";

/**
 * How many functions were called while `act` did its work, of ours and of every package. Unlike time, the same on every
 * machine, so a test can tell work that grows with its input from work that grows faster. A loop that calls nothing is
 * one step.
 */
export async function stepsOf(act: () => unknown): Promise<number> {
  const session = new Session();
  session.connect();
  // What V8 optimises it inlines, and what is inlined it does not count.
  setFlagsFromString("--no-opt");
  try {
    session.post("Profiler.enable");
    session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
    await act();
    let steps = 0;
    // The session is in this thread: what it calls back, it calls before it returns.
    session.post("Profiler.takePreciseCoverage", (_, { result }: Profiler.TakePreciseCoverageReturnType) => {
      for (const { functions } of result) for (const { ranges } of functions) steps += ranges[0]?.count ?? 0;
    });
    return steps;
  } finally {
    setFlagsFromString("--opt");
    session.disconnect();
  }
}

/**
 * How many times the steps of an input twice as long are those of the input: 2 for work that grows with it, 4 for work
 * on each pair of its parts.
 * @param act works on an input of so many parts; done once before it is counted, for what is made only once.
 */
export async function growthOf(act: (parts: number) => unknown, parts: number): Promise<number> {
  await act(parts);
  const [once, twice] = [await stepsOf(() => act(parts)), await stepsOf(() => act(2 * parts))];
  return twice / once;
}
