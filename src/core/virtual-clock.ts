import { type Clock, UNNOTICED } from "./clock.ts";

/** After so many alarms that nobody noticed, the rest of the process has its turn: signals, sockets. */
const UNNOTICED_MAX = 256;

interface Alarm {
  readonly dueUs: number;
  /** Order of asking, so that alarms of one moment fire in that order. */
  readonly turn: number;
  wake: (() => unknown) | undefined;
}

/**
 * Virtual time: it stands still while anything can still happen at this moment, then jumps to the next alarm.
 *
 * "Anything can still happen" means promise reactions: they all run before the next macrotask, so one macrotask an
 * alarm makes a run of in-process parts the same every time; after an alarm that says that nobody noticed it
 * (`UNNOTICED`), the next one needs none. Real input and output must go through `whileReal`.
 *
 * @param options.auto false for tests that move time by hand with `advance`.
 */
export class VirtualClock implements Clock {
  readonly kind = "virtual";
  readonly #auto: boolean;
  readonly #heap = new AlarmHeap();
  #nowUs = 0;
  #turn = 0;
  #holds = 0;
  #stepping = false;

  constructor(options: { auto?: boolean } = {}) {
    this.#auto = options.auto ?? true;
  }

  nowUs(): number {
    return this.#nowUs;
  }

  at(dueUs: number, wake: () => unknown): () => void {
    const alarm: Alarm = { dueUs: Math.max(Math.ceil(dueUs), this.#nowUs), turn: this.#turn++, wake };
    this.#heap.push(alarm);
    this.#kick();
    return () => {
      alarm.wake = undefined;
    };
  }

  async whileReal<T>(work: () => Promise<T>): Promise<T> {
    this.#holds += 1;
    try {
      return await work();
    } finally {
      this.#holds -= 1;
      this.#kick();
    }
  }

  /** Moves time forward by `byMs` milliseconds and fires what falls due, letting reactions run in between. */
  async advance(byMs: number): Promise<void> {
    const untilUs = this.#nowUs + Math.round(byMs * 1000);
    await macrotask();
    for (let next = this.#heap.peek(); next && next.dueUs <= untilUs; next = this.#heap.peek()) {
      this.#fire();
      await macrotask();
    }
    this.#nowUs = untilUs;
  }

  #kick(): void {
    if (!this.#auto || this.#stepping || this.#holds > 0 || !this.#heap.peek()) return;
    this.#stepping = true;
    setImmediate(() => {
      for (let fired = 0; fired < UNNOTICED_MAX; fired += 1) if (this.#holds > 0 || !this.#fire()) break;
      this.#stepping = false;
      this.#kick();
    });
  }

  /** @returns true when nobody has noticed. */
  #fire(): boolean {
    const alarm = this.#heap.pop();
    if (!alarm?.wake) return false;
    this.#nowUs = alarm.dueUs;
    return alarm.wake() === UNNOTICED;
  }
}

function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A binary heap, earliest alarm first; cancelled alarms are dropped when they reach the top. */
class AlarmHeap {
  readonly #items: Alarm[] = [];

  peek(): Alarm | undefined {
    while (this.#items[0] && !this.#items[0].wake) this.#removeTop();
    return this.#items[0];
  }

  pop(): Alarm | undefined {
    const top = this.peek();
    if (top) this.#removeTop();
    return top;
  }

  push(alarm: Alarm): void {
    const items = this.#items;
    let index = items.push(alarm) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!earlier(items[index], items[parent])) break;
      swap(items, index, parent);
      index = parent;
    }
  }

  #removeTop(): void {
    const items = this.#items;
    const last = items.pop();
    if (!last || items.length === 0) return;
    items[0] = last;
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      let least = index;
      if (earlier(items[left], items[least])) least = left;
      if (earlier(items[left + 1], items[least])) least = left + 1;
      if (least === index) return;
      swap(items, index, least);
      index = least;
    }
  }
}

function earlier(a: Alarm | undefined, b: Alarm | undefined): boolean {
  if (!a || !b) return false;
  return a.dueUs < b.dueUs || (a.dueUs === b.dueUs && a.turn < b.turn);
}

function swap(items: Alarm[], a: number, b: number): void {
  const kept = items[a] as Alarm;
  items[a] = items[b] as Alarm;
  items[b] = kept;
}
