import type { LineControl } from "../../core/index.ts";

/** Standard input as bytes. Closing it gives the terminal its own ways back. */
export interface Keyboard extends AsyncDisposable {
  /** True when a person types; then Ctrl-C comes as a byte, and ends nothing. */
  readonly isTty: boolean;
  /** Ends where a pipe ends. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** This program once more, beside a command: what it prints, and what it is told. */
export interface HilBeside {
  /** The next line that it prints; undefined when it has ended. */
  line(): Promise<string | undefined>;
  /** To its standard input. */
  write(text: string): void;
  /** Closes its standard input. */
  end(): void;
  kill(): void;
  readonly done: Promise<{ readonly code: number | null; readonly err: string }>;
}

/** What may follow on a command line, told where help is asked for. */
export interface Offer {
  /** Words behind it, with what they do; `image list` is two words. */
  readonly commands?: readonly { readonly name: string; readonly about: string }[];
  readonly options?: readonly OfferedOption[];
}

interface OfferedOption {
  /** Without dashes. */
  readonly name: string;
  /** One letter, after a single dash. */
  readonly short?: string | undefined;
  readonly about: string;
  readonly takesValue: boolean;
  /** All that its value may be, where that is a list. */
  readonly values?: readonly string[];
}

/** What a command may touch of the world outside: injected, so that a test is a caller like any other. */
export interface CliIo {
  /**
   * Writes to standard output (no line end is added). Control characters in the text are shown, not sent, wherever they
   * come from (`terminalText`); `before` asks for what the terminal is to do first.
   */
  out(text: string, before?: LineControl): void;
  /** Writes to standard error, in the same way; a private key in it is not repeated. */
  err(text: string): void;
  /** Writes bytes to standard output, where that is possible: a key in raw form, a board's console. */
  outBytes?(bytes: Uint8Array): void;
  /** Asks for a secret on the terminal without showing it; undefined when there is no terminal or no answer. */
  askSecret?(question: string): string | undefined;
  /** Asks a question on the terminal; undefined when there is none, or no answer came. */
  ask?(question: string): Promise<string | undefined>;
  /** What is typed, byte by byte and not echoed (from a pipe: as it comes); undefined when nothing can be typed. */
  openKeyboard?(): Keyboard;
  /** Starts this program once more, with other arguments, deaf to Ctrl-C: it ends when its standard input does. */
  startHil?(argv: readonly string[]): HilBeside;
  /** Hears what may follow, besides the help that is printed: for a shell's completion. */
  offers?(offer: Offer): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborts on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** True when standard output is a terminal: progress bars and colour are welcome. */
  readonly isTty: boolean;
  readonly columns: number;
}
