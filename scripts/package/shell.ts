import { spawnSync } from "node:child_process";

/** What is run in a folder: a program, its arguments, and variables beside the process's own. */
export interface Call {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** More exit codes that are no failure; 0 always is none. */
  readonly ok?: readonly number[];
}

/**
 * Runs a program to its end.
 * @returns what it wrote to stdout.
 * @throws Error with everything that it wrote, when it ends otherwise than it should.
 */
export function run(program: string, argv: readonly string[], { cwd, env = {}, ok = [] }: Call): string {
  const ran = spawnSync(program, argv, {
    cwd,
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (ran.status === 0 || (ran.status !== null && ok.includes(ran.status))) return ran.stdout;
  const how = ran.error ? String(ran.error) : `ended with ${ran.status ?? ran.signal}`;
  throw new Error(`${[program, ...argv].join(" ")} (in ${cwd}) ${how}\n${ran.stdout}${ran.stderr}`);
}

/** Runs one check and prints a line for it, so that a log tells where the time went. */
export function step(name: string, work: () => void): void {
  const began = process.hrtime.bigint();
  work();
  console.log(`ok  ${name} (${(Number(process.hrtime.bigint() - began) / 1e9).toFixed(1)} s)`);
}
