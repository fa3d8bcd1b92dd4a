import { type Profiler, Session } from "node:inspector";

/**
 * How often pieces of code ran while `act` did its work: each block that V8 counts, of ours and of every package. Unlike
 * time, the same on every machine, so a test can tell work that grows with its input from work that grows faster.
 */
export async function stepsOf(act: () => unknown): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    session.post("Profiler.enable");
    session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    await act();
    let steps = 0;
    // The session is in this thread: what it calls back, it calls before it returns.
    session.post("Profiler.takePreciseCoverage", (_, { result }: Profiler.TakePreciseCoverageReturnType) => {
      for (const { functions } of result)
        for (const { ranges } of functions) for (const { count } of ranges) steps += count;
    });
    return steps;
  } finally {
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
