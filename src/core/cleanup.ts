/**
 * Undo steps, run in reverse on every way out (Node 20 has no AsyncDisposableStack). Register the undo *before* the
 * act. A step that throws does not stop the others; what they threw is thrown together at the end, or goes to `onError`.
 */
export class Cleanup implements AsyncDisposable {
  readonly #steps: { readonly name: string; readonly run: () => unknown }[] = [];
  readonly #onError: ((step: string, error: unknown) => void) | undefined;

  constructor(onError?: (step: string, error: unknown) => void) {
    this.#onError = onError;
  }

  /** Registers an undo. Returns a function that takes it back, for acts that undid themselves. */
  add(name: string, run: () => unknown): () => void {
    const step = { name, run };
    this.#steps.push(step);
    return () => {
      const index = this.#steps.indexOf(step);
      if (index >= 0) this.#steps.splice(index, 1);
    };
  }

  /** Registers a resource to be closed, and hands it back. */
  use<T extends AsyncDisposable>(name: string, resource: T): T {
    this.add(name, () => resource[Symbol.asyncDispose]());
    return resource;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.run();
      } catch (error) {
        if (this.#onError) this.#onError(step.name, error);
        else errors.push(error);
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, "several clean-up steps failed");
  }
}
