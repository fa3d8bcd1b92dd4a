import { readSync } from "node:fs";

/** What is used of serialport's binding on Linux and macOS. */
interface PolledBinding {
  /** The descriptor, open without blocking; null once it is closed. */
  readonly fd: number | null;
  readonly poller: {
    once(event: "readable", told: (error: Error | null) => void): unknown;
    /** Asks the system for these events (bits), and for no other. */
    poll(events: number): void;
    listenerCount(event: "readable" | "writable"): number;
  };
  read(buffer: Buffer, offset: number, length: number): Promise<{ bytesRead: number; buffer: Buffer }>;
}

/** Events of a poller, as bits. Source: @serialport/bindings-cpp 13, poller.js. */
const EVENTS = { readable: 0b01, writable: 0b10 } as const;

/**
 * Has an open port read where the event loop says that something came. serialport itself asks a thread of Node's pool,
 * which tries, is told "nothing there", waits for the event and asks the pool again: of a turn-round of 340 µs on a
 * pseudo-terminal that was 100 µs (measured, Node 20.20). What goes wrong is left to the binding's own read, whose
 * errors the stream knows. A binding without a poller (Windows) stays as it is.
 * @param heard told of bytes in the moment in which they were read, before the stream is.
 * Source: @serialport/bindings-cpp 13, unix-read.js and poller.js.
 */
export function readAtOnce(binding: unknown, heard: (bytes: Uint8Array) => void = () => undefined): void {
  if (!isPolled(binding)) return;
  waitForBoth(binding.poller);
  const own = binding.read.bind(binding);
  binding.read = async (buffer, offset, length) => {
    if (binding.fd === null) return own(buffer, offset, length);
    await new Promise<void>((resolve, reject) => {
      binding.poller.once("readable", (error) => (error ? reject(error) : resolve()));
    });
    const bytesRead = attempt(binding.fd, buffer, offset, length);
    if (bytesRead > 0) heard(buffer.subarray(offset, offset + bytesRead));
    return bytesRead > 0 ? { bytesRead, buffer } : own(buffer, offset, length);
  };
}

/**
 * Who waits until a port can be written takes the place, in the library's poller, of who waits until something comes: a
 * port whose write waits for room is deaf (findings/serialport-deaf-while-writing.sh). Here each is asked for while
 * somebody waits for it.
 */
function waitForBoth(poller: PolledBinding["poller"]): void {
  const poll = poller.poll.bind(poller);
  poller.poll = (events) => {
    const readable = poller.listenerCount("readable") > 0 ? EVENTS.readable : 0;
    const writable = poller.listenerCount("writable") > 0 ? EVENTS.writable : 0;
    poll(events | readable | writable);
  };
}

/** Bytes read without waiting; 0 where there are none, or where the port is gone. */
function attempt(fd: number | null, buffer: Buffer, offset: number, length: number): number {
  if (fd === null) return 0;
  try {
    return readSync(fd, buffer, offset, length, null);
  } catch {
    // Whatever it is comes again when the binding reads.
    return 0;
  }
}

function isPolled(binding: unknown): binding is PolledBinding {
  return typeof binding === "object" && binding !== null && "poller" in binding && "fd" in binding;
}
