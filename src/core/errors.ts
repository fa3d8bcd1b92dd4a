/**
 * The errors people meet. Each says what happened, where, and what to do; each carries its data, keeps its cause, and
 * knows its exit code.
 */
export type ErrorKind = "usage" | "configuration" | "image" | "protocol" | "timeout" | "bench" | "interrupted";

export const EXIT = { pass: 0, failed: 1, request: 2, bench: 3, interrupted: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const EXIT_OF_KIND: Record<ErrorKind, ExitCode> = {
  usage: EXIT.request,
  configuration: EXIT.request,
  image: EXIT.failed,
  protocol: EXIT.failed,
  timeout: EXIT.bench,
  bench: EXIT.bench,
  interrupted: EXIT.interrupted,
};

/** Base of all our errors. `message` is what happened and where; `hint` is what to do about it. */
export abstract class HilError extends Error {
  abstract readonly kind: ErrorKind;
  readonly hint: string;

  constructor(message: string, hint = "", options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
    this.name = new.target.name;
  }

  get exitCode(): ExitCode {
    return EXIT_OF_KIND[this.kind];
  }

  /** The one paragraph a person reads. */
  paragraph(): string {
    return this.hint === "" ? this.message : `${this.message} ${this.hint}`;
  }
}

/** Wrong arguments on the command line. Exit 2. */
export class UsageError extends HilError {
  readonly kind = "usage";
}

/** A profile, scenario, key or input file that cannot be used. Exit 2. */
export class ConfigurationError extends HilError {
  readonly kind = "configuration";
}

/** Where in an image something is wrong: byte offset from the start of the file, the field, found and expected. */
interface ImageFault {
  readonly offset?: number;
  readonly field?: string;
  readonly found?: string;
  readonly expected?: string;
}

/** An image that breaks the format or fails its checks. Exit 1. */
export class ImageError extends HilError {
  readonly kind = "image";
  readonly fault: ImageFault;

  constructor(message: string, fault: ImageFault = {}, hint = "", options?: ErrorOptions) {
    super(message, hint, options);
    this.fault = fault;
  }
}

/** The other side of a protocol refused, or sent what makes no sense. Exit 1. */
export class ProtocolError extends HilError {
  readonly kind = "protocol";
}

/** A wait that ended without what was awaited. Exit 3 (a campaign turns it into a verdict after the first cut). */
export class TimeoutError extends HilError {
  readonly kind = "timeout";
  readonly awaited: string;
  readonly waitedMs: number;

  constructor(awaited: string, waitedMs: number, lastSeen = "", hint = "", options?: ErrorOptions) {
    const seen = lastSeen === "" ? "" : ` ${lastSeen}`;
    super(`waited ${Math.round(waitedMs)} ms for ${awaited}.${seen}`, hint, options);
    this.awaited = awaited;
    this.waitedMs = waitedMs;
  }
}

/** The bench failed: a port, the power switch, the flasher. Exit 3. */
export class BenchError extends HilError {
  readonly kind = "bench";
}

/** Ctrl-C or SIGTERM. Exit 4. */
export class InterruptedError extends HilError {
  readonly kind = "interrupted";
}

/**
 * True for one of ours. By shape, not by `instanceof`: under Jest two copies of a class may live side by side.
 */
export function isHilError(error: unknown): error is HilError {
  return typeof error === "object" && error !== null && "paragraph" in error && typeof error.paragraph === "function";
}

/** True when `error` is one of ours and of this kind. */
export function isKind<K extends ErrorKind>(error: unknown, kind: K): error is HilError & { readonly kind: K } {
  return isHilError(error) && error.kind === kind;
}

/** True for a wait that ended without what was awaited. */
export function isTimeout(error: unknown): error is TimeoutError {
  return isKind(error, "timeout");
}

/** True when `error` carries this `code` (node:fs, sockets, child processes). */
export function hasCode(error: unknown, code: string): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === code;
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  if (isHilError(error)) return error.paragraph();
  if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
  return String(error);
}

/** Why a file cannot be read, as a clause: "there is no such file". */
export function whyUnreadable(error: unknown): string {
  if (hasCode(error, "ENOENT")) return "there is no such file";
  return hasCode(error, "EISDIR") ? "this is a folder" : messageOf(error);
}

/** For the `default` branch of a switch over a union: the compiler proves that nothing reaches it. */
export function unreachable(value: never): Error {
  return new Error(`unreachable: ${JSON.stringify(value)}`);
}
