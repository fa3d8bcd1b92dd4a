import { hex, isHilError, messageOf } from "../../core/index.ts";
import type { ImageTool, ToolFacts } from "./options/tool.ts";

const SCHEMA = 1;

/** Gathers what a command tells, and prints one JSON object in place of its text. */
export class JsonReport {
  /** The tool with its output caught. */
  readonly tool: ImageTool;
  readonly #out: (text: string) => void;
  readonly #facts: Record<string, unknown> = {};
  #text = "";

  constructor(tool: ImageTool) {
    this.#out = (text) => tool.io.out(text);
    const io = {
      ...tool.io,
      out: (text: string) => {
        this.#text += text;
      },
      // Bytes are among the facts, as hex.
      outBytes: () => {},
    };
    this.tool = { ...tool, io, tell: (facts: ToolFacts) => void Object.assign(this.#facts, facts) };
  }

  /** Puts an error among the facts: its text, what to do, and in an image, where. */
  failed(error: unknown): void {
    if (!isHilError(error)) return;
    const { kind, hint } = error;
    const where = "fault" in error ? { where: error.fault } : {};
    this.#facts["error"] = { kind, text: messageOf(error), hint, ...where };
  }

  /** `text` is what the command would have printed. */
  print(command: string, exit: number): void {
    const text = this.#text === "" ? {} : { text: this.#text };
    this.#out(`${JSON.stringify({ schema: SCHEMA, command, exit, ...this.#facts, ...text }, plain, 2)}\n`);
  }
}

/** Byte arrays as hex. JSON.stringify has turned a Buffer into an object before this sees it: none is told. */
function plain(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? hex(value) : value;
}
