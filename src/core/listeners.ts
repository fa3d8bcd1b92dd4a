/** A set of observers, called synchronously in the order they came. One that throws does not silence the others. */
export class Listeners<T> {
  /** Never changed, always replaced: who is told goes on while observers come and go. */
  #all: readonly ((value: T) => void)[] = [];

  /** Adds an observer; the returned function removes it. */
  add(listener: (value: T) => void): () => void {
    const own = (value: T) => listener(value);
    this.#all = [...this.#all, own];
    return () => {
      this.#all = this.#all.filter((other) => other !== own);
    };
  }

  emit(value: T): void {
    let failed: { readonly error: unknown } | undefined;
    for (const listener of this.#all) {
      try {
        listener(value);
      } catch (error) {
        failed ??= { error };
      }
    }
    if (failed) throw failed.error;
  }
}
