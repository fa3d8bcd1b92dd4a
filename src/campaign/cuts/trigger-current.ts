import type { CurrentRun } from "../record/current-bins.ts";

/** A shape of the supply current: it crosses a threshold and stays on the other side for a while. */
interface CurrentShape {
  readonly edge: "rise" | "fall";
  readonly microamps: number;
  /** How long it must stay there, in microseconds: shorter peaks do not count. */
  readonly forUs: number;
}

/** Finds a shape in a stream of samples. What the current is at the beginning counts as no edge. */
export class ShapeFinder {
  readonly #shape: CurrentShape;
  #seenBefore = false;
  #heldUs = 0;

  constructor(shape: CurrentShape) {
    this.#shape = shape;
  }

  /** When the current had been on the other side for long enough; undefined while it has not. */
  feed({ atUs, everyUs, microamps }: CurrentRun): number | undefined {
    const { edge, microamps: threshold, forUs } = this.#shape;
    for (const [index, value] of microamps.entries()) {
      if (Number.isNaN(value)) continue;
      const isBeyond = edge === "rise" ? value >= threshold : value < threshold;
      if (!isBeyond) {
        this.#seenBefore = true;
        this.#heldUs = 0;
        continue;
      }
      if (!this.#seenBefore) continue;
      this.#heldUs += everyUs;
      if (this.#heldUs >= forUs) return atUs - (microamps.length - 1 - index) * everyUs;
    }
    return undefined;
  }
}
