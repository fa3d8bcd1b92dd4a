/** A set of observers, called synchronously in the order they came. One that throws does not silence the others. */
export class Listeners<T> {
  readonly #all = new Set<(value: T) => void>();

  /** Adds an observer; the returned function removes it. */
  add(listener: (value: T) => void): () => void {
    const own = (value: T) => listener(value);
    this.#all.add(own);
    return () => {
      this.#all.delete(own);
    };
  }

  emit(value: T): void {
    const errors: unknown[] = [];
    for (const listener of [...this.#all]) {
      try {
        listener(value);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
