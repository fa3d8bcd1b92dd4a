import { OS_GROUP, type SMP_MODES } from "../groups/os.ts";
import { SmpFault } from "./faults.ts";
import type { SmpHandlers } from "./server.ts";

/** What a board tells about itself; the letters are those of `osInfo`. */
interface OsFacts {
  /** s kernel name, n node, r release, v version, b build time, m machine, p processor, i board, o operating system. */
  readonly info: Readonly<Record<"s" | "n" | "r" | "v" | "b" | "m" | "p" | "i" | "o", string>>;
  readonly bootloader: {
    readonly name: string;
    readonly mode: (typeof SMP_MODES)[number]["mode"];
    readonly noDowngrade?: boolean;
  };
  readonly bufferBytes: number;
  readonly bufferCount: number;
  /** Called once the answer to a reset is on its way. Throws SmpFault (rc 10) to refuse. */
  reset(request: { readonly force: boolean; readonly bootMode: number }): void;
}

/** The order in which the letters are answered, whatever the order they are asked in. */
const INFO_ORDER = ["s", "n", "r", "v", "b", "m", "p", "i", "o"] as const;

/** Handlers of group 0 as Zephyr's behave. */
export function osHandlers(facts: OsFacts): SmpHandlers {
  return {
    // A missing text is answered by an empty one.
    echo: ({ d }) => ({ r: d ?? "" }),
    params: () => ({ buf_size: facts.bufferBytes, buf_count: facts.bufferCount }),
    osReset: (request, context) => {
      context.afterAnswer(() => facts.reset({ force: request.force ?? false, bootMode: request.boot_mode ?? 0 }));
      return {};
    },
    osInfo: ({ format = "" }) => {
      // No letter is the kernel's name.
      const letters = format.includes("a") ? [...INFO_ORDER] : (format || "s").split("");
      const unknown = letters.some((letter) => !INFO_ORDER.some((known) => known === letter));
      if (unknown) throw new SmpFault({ group: OS_GROUP, code: 2 });
      return {
        output: INFO_ORDER.filter((letter) => letters.includes(letter))
          .map((letter) => facts.info[letter])
          .join(" "),
      };
    },
    bootloaderInfo: ({ query }) => {
      const { name, mode, noDowngrade } = facts.bootloader;
      if (query === undefined) return { bootloader: name };
      if (query === "mode" && name === "MCUboot") return { mode, "no-downgrade": noDowngrade ? true : undefined };
      throw new SmpFault({ group: OS_GROUP, code: 3 });
    },
  };
}
