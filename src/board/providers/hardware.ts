import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { BenchError, messageOf, parseValue, RealClock, resolveFrom } from "../../core/index.ts";
import { portName } from "../../power/index.ts";
import { openSerialPort, resolvePort } from "../../serial/index.ts";
import { assemble } from "../assemble.ts";
import type { Board, WearLedger } from "../board.ts";
import type { OpenOptions } from "../open.ts";
import type { LoadedProfile } from "../profile.ts";

/** A board on this machine's serial ports (or whatever else speaks there: `hil twin` does). Real time. */
export async function openHardware(loaded: LoadedProfile, _options: OpenOptions): Promise<Board> {
  const clock = new RealClock();
  return assemble(loaded, {
    clock,
    links: {
      open: async (port, line) => {
        const path = await resolvePort("path" in port ? { path: fromProfile(loaded.file, port.path) } : port);
        return openSerialPort(path, { ...line, clock, name: portName(port) });
      },
    },
    wear: wearFile(loaded.file),
  });
}

/** A relative path of a port starts at its profile, as all paths there do; a bare name (COM7) is none. */
function fromProfile(file: string, path: string): string {
  return path.includes("/") ? resolveFrom(file, path) : path;
}

const WEAR = z.strictObject({ schema: z.literal(1), cycles_by_page: z.record(z.string(), z.int().min(0)) });

/** Erase counts of a real board, kept beside its profile: `lab-07.wear.json` for `lab-07.yaml`. */
function wearFile(profileFile: string): WearLedger {
  const path = profileFile.replace(/\.ya?ml$/i, "").concat(".wear.json");
  return {
    load() {
      if (!existsSync(path)) return {};
      try {
        return parseValue(JSON.parse(readFileSync(path, "utf8")), WEAR, path).cycles_by_page;
      } catch (error) {
        const hint = "Repair it, or delete it if the board's flash is new.";
        throw new BenchError(`the erase counts in ${path} cannot be read: ${messageOf(error)}`, hint, { cause: error });
      }
    },
    save(cycles) {
      writeFileSync(`${path}.new`, `${JSON.stringify({ schema: 1, cycles_by_page: cycles }, undefined, 1)}\n`);
      renameSync(`${path}.new`, path);
    },
  };
}
