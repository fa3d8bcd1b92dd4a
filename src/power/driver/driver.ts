import { resolve } from "node:path";
import { z } from "zod";
import {
  BenchError,
  type Clock,
  ConfigurationError,
  parseValue,
  readInput,
  sleep,
  whyUnreadable,
} from "../../core/index.ts";
import type { HidFinder } from "./hid-device.ts";
import type { PortOpener } from "./ports.ts";
import type { ArmedCut, CurrentMeter, CutOrder, PowerFacts, PowerState, PowerSwitch } from "./switch.ts";

/** What a driver gets from its bench. */
export interface PowerBench {
  readonly links: PortOpener;
  readonly clock: Clock;
  /** Folder of the profile: paths in a driver's options are relative to it. */
  readonly folder?: string;
  /** Where secrets come from: options name variables, never values. Default: the process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where HID devices are found; default: by the library node-hid. */
  readonly hid?: HidFinder;
}

/** How long a switch may go on saying its old state after a command, and how often it is asked, in milliseconds. */
export interface Verification {
  readonly limitMs: number;
  readonly everyMs: number;
}

const AT_ONCE: Verification = { limitMs: 0, everyMs: 0 };

/**
 * What a driver's author writes; the rest of a `PowerSwitch` (order, closing, signals, asking after every command) is
 * the same for all.
 */
export interface OpenedSwitch extends AsyncDisposable {
  set(state: PowerState, signal: AbortSignal | undefined): Promise<{ readonly sentAtUs: number }>;
  read?(): Promise<PowerState | "unknown">;
  /** Only for a switch that measures current. */
  readonly current?: CurrentMeter;
  /** Only for a switch that can cut by itself. */
  arm?(order: CutOrder, signal: AbortSignal | undefined): Promise<ArmedCut>;
}

export interface PowerDriver<S extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  /** Fields of the profile's `power` that are this driver's own. */
  readonly options: S;
  /** What a switch with these options is, without opening it. @throws ConfigurationError for options that are wrong. */
  facts(options: unknown): PowerFacts;
  open(options: z.input<S>, bench: PowerBench): Promise<PowerSwitch>;
  /** The same, for options that nobody has checked yet. */
  openFrom(options: unknown, bench: PowerBench): Promise<PowerSwitch>;
}

/** What a cut takes away depends on where the switch stands, so each driver asks. */
export const cutsOption = z.enum(["soc", "board"]).describe("what loses power: the SoC's supply, or the whole board");

export const contactOption = z
  .enum(["NO", "NC"], {
    error: (issue) =>
      issue.input === undefined
        ? "say how the board is wired: NO (contact closes when energised) or NC (contact opens when energised)"
        : undefined,
  })
  .describe("the relay contact that carries the board's supply: normally open or normally closed");

/** For a driver that talks to the world outside by other means than links. @throws ConfigurationError in virtual time. */
export function realTimeOnly(driver: string, clock: Clock): void {
  if (clock.kind === "real") return;
  throw new ConfigurationError(
    `the power driver "${driver}" works in real time only.`,
    "Use it on a board, not a twin.",
  );
}

/** A secret by the name of its variable. @throws ConfigurationError when it is not set; no secret is ever printed. */
export function secretOf(bench: PowerBench, variable: string): string {
  const value = (bench.env ?? process.env)[variable];
  if (value !== undefined && value !== "") return value;
  throw new ConfigurationError(`the environment has no ${variable}.`, "Set it: the profile's power section names it.");
}

/** A file with a passphrase is short. */
const SECRET_FILE_BYTES_MAX = 4_096;

/**
 * A secret from a variable or a file (without the line's end); the file's path is relative to the profile.
 * @throws ConfigurationError when it is not there, empty or longer than a secret is; its text is never printed.
 */
export async function secretFrom(
  bench: PowerBench,
  { env, file }: { readonly env?: string | undefined; readonly file?: string | undefined },
): Promise<string> {
  if (file === undefined) return secretOf(bench, env ?? "");
  const path = resolve(bench.folder ?? ".", file);
  let bytes: Uint8Array;
  try {
    bytes = readInput(path, SECRET_FILE_BYTES_MAX);
  } catch (cause) {
    throw new ConfigurationError(`the secret's file ${path} cannot be read: ${whyUnreadable(cause)}.`, "", { cause });
  }
  const text = Buffer.from(bytes)
    .toString("utf8")
    .replace(/\r?\n$/, "");
  if (text !== "" && bytes.length <= SECRET_FILE_BYTES_MAX && !/[\r\n]/.test(text)) return text;
  throw new ConfigurationError(
    `the secret's file ${path} does not hold one line of text.`,
    "Write the secret into it, and nothing else.",
  );
}

/** The name of an environment variable that holds a secret. */
export const secretOption = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, { error: "expected the name of an environment variable" })
  .describe("name of the environment variable that holds it; never the secret itself");

/**
 * A power driver: name, options, facts, open. Put the file into this folder and its name into the list of `index.ts`.
 * A switch that reads back is asked after every command; one that does not say what it was told fails the call.
 * @param spec.facts what the switch is, given its options.
 * @param spec.verify how long it may lag behind a command; without it, it is asked once.
 */
export function powerDriver<S extends z.ZodObject>(spec: {
  readonly name: string;
  readonly options: S;
  readonly facts: (options: z.output<S>) => PowerFacts;
  readonly verify?: (options: z.output<S>) => Verification;
  readonly open: (options: z.output<S>, bench: PowerBench) => Promise<OpenedSwitch>;
}): PowerDriver<S> {
  const check = (options: unknown) => parseValue(options, spec.options, `power driver "${spec.name}"`);
  const openFrom = async (options: unknown, bench: PowerBench) => {
    const checked = check(options);
    const [facts, patience] = [spec.facts(checked), spec.verify?.(checked) ?? AT_ONCE];
    const opened = await spec.open(checked, bench);
    return new OrderedSwitch(spec.name, facts, facts.readsBack ? verified(spec.name, opened, patience, bench) : opened);
  };
  const facts = (options: unknown) => spec.facts(check(options));
  return { name: spec.name, options: spec.options, facts, open: openFrom, openFrom };
}

/** Asks the switch after every command. The moment of the command stays the one the driver gave. */
function verified(name: string, opened: OpenedSwitch, patience: Verification, { clock }: PowerBench): OpenedSwitch {
  const read = opened.read?.bind(opened);
  if (read === undefined) throw new RangeError(`the power driver "${name}" cannot be asked`);
  async function agree(state: PowerState): Promise<void> {
    const untilUs = clock.nowUs() + patience.limitMs * 1000;
    for (;;) {
      const said = await read?.();
      if (said === state) return;
      if (clock.nowUs() >= untilUs) throw disagreement(name, state, said);
      await sleep(clock, patience.everyMs);
    }
  }
  return {
    ...(opened.arm ? { arm: opened.arm.bind(opened) } : {}),
    ...(opened.current ? { current: opened.current } : {}),
    async set(state, signal) {
      const done = await opened.set(state, signal);
      await agree(state);
      return done;
    },
    read,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

function disagreement(name: string, told: PowerState, said: PowerState | "unknown" | undefined): BenchError {
  return said === "on" || said === "off"
    ? new BenchError(
        `the power switch "${name}" was told "${told}" and says "${said}".`,
        "Check the channel, the wiring and who else drives this switch.",
      )
    : new BenchError(
        `the power switch "${name}" was told "${told}" and does not say what it did.`,
        "Check its cable and its options; one that cannot answer needs options without read-back.",
      );
}

/** Makes any driver's switch keep the order of calls, and fail when it is used after it was closed. */
class OrderedSwitch implements PowerSwitch {
  readonly facts: PowerFacts;
  readonly read?: () => Promise<PowerState | "unknown">;
  readonly current?: CurrentMeter;
  readonly arm?: NonNullable<PowerSwitch["arm"]>;
  readonly #name: string;
  readonly #opened: OpenedSwitch;
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(name: string, facts: PowerFacts, opened: OpenedSwitch) {
    this.facts = facts;
    this.#name = name;
    this.#opened = opened;
    const read = opened.read?.bind(opened);
    if (facts.readsBack && read !== undefined) this.read = () => this.#inTurn(read);
    if (opened.current) this.current = opened.current;
    const arm = opened.arm?.bind(opened);
    if (arm === undefined) return;
    this.arm = (order, { signal } = {}) =>
      this.#inTurn(async () => {
        signal?.throwIfAborted();
        return arm(order, signal);
      });
  }

  set(state: PowerState, options: { readonly signal?: AbortSignal | undefined } = {}) {
    return this.#inTurn(async () => {
      options.signal?.throwIfAborted();
      return this.#opened.set(state, options.signal);
    });
  }

  /** Waits for commands that were already given: a restore must not be lost because its port was closed too soon. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#last.then(() => this.#opened[Symbol.asyncDispose]());
    return this.#closing;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing) {
      return Promise.reject(new BenchError(`the power switch "${this.#name}" is closed.`, "Open it again."));
    }
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
