/** Thrown before an instruction that a debugger wants to be stopped at: nothing of it has happened. */
export class Breakpoint extends Error {
  override readonly name = "Breakpoint";
}
