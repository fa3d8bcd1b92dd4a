/** What was worked out, by name; of so many, those that were asked for last. */
export class LruCache<V> {
  readonly #limit: number;
  readonly #known = new Map<string, V>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value of a name, made when it is not there. */
  of(name: string, make: () => V): V {
    const known = this.get(name);
    if (known !== undefined) return known;
    const made = make();
    this.set(name, made);
    return made;
  }

  get(name: string): V | undefined {
    const known = this.#known.get(name);
    if (known === undefined) return undefined;
    this.#known.delete(name);
    this.#known.set(name, known);
    return known;
  }

  set(name: string, value: V): void {
    this.#known.delete(name);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= this.#limit && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(name, value);
  }
}
