import type { PortOpener } from "../../power/index.ts";
import type { Chunk, Link } from "../../serial/index.ts";

/**
 * Ports of a bench that are gone although nobody closed them. A switch that only ever writes does not notice: what it
 * says last is taken by a port that is on its way out.
 */
export class Losses {
  #first: { readonly reason: unknown } | undefined;

  /** @param reason why a link ended; undefined when it was closed. */
  note(reason: unknown): void {
    if (reason !== undefined) this.#first ??= { reason };
  }

  /** @throws why a port is gone. */
  check(): void {
    if (this.#first) throw this.#first.reason;
  }

  /** The same opener; the links that it opens are watched. */
  watching(ports: PortOpener): PortOpener {
    return { open: async (port, line) => this.#watched(await ports.open(port, line)) };
  }

  #watched(link: Link): Link {
    const follow = (chunks: AsyncIterable<Chunk>) => this.#follow(chunks);
    return {
      name: link.name,
      chunks: { [Symbol.asyncIterator]: () => follow(link.chunks) },
      write: (bytes, signal) => link.write(bytes, signal),
      ...(link.ready ? { ready: link.ready.bind(link) } : {}),
      [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
    };
  }

  async *#follow(chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk, void> {
    try {
      yield* chunks;
    } catch (reason) {
      this.note(reason);
      throw reason;
    }
  }
}
