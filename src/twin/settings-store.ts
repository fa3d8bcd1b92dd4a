import { type Clock, sleep } from "../core/index.ts";
import { type SettingsServerOptions, type SettingsStorage, SmpFault, takeStored } from "../smp/index.ts";

/** A word of the nRF5340's internal flash and a page of it. Source: Product Specification, NVMC, t_WRITE, t_ERASEPAGE. */
const WORD_US = 43;
const PAGE_MS = 87.5;
/** The storage partition of the nRF5340-DK's devicetree, 0xf8000 to 0x100000, in pages of 4 KiB. */
const PAGES = 8;
/** An entry of NVS: data, then 8 bytes that make it valid. A setting has two, its name and its value. Source: Zephyr nvs.h. */
const ENTRY_BYTES = 8;
/** MGMT_ERR_EACCESSDENIED. */
const ACCESS_DENIED = 11;

/** Which settings a twin's application has (`twin.smp.settings` of a profile). */
export interface TwinSettings {
  /** What somebody handles, with its value before anything was stored. */
  readonly values: readonly { readonly name: string; readonly value: Uint8Array }[];
  /** Firmware with a store; without one nothing outlives a reset. */
  readonly stored: boolean;
  /** Names whose write and delete the firmware's access hook refuses. */
  readonly locked: readonly string[];
}

/** What a board's application needs to serve its settings; `stored` outlives it. */
interface SettingsPlace {
  readonly clock: Clock;
  readonly stored: Map<string, Uint8Array>;
  readonly power: AbortSignal;
}

/**
 * The settings of an application that has just started: its own values, and over them what was stored, as Zephyr's
 * samples load them. Saving takes the flash's time, entry by entry; one that power was lost in was never written.
 */
export function twinSettings(
  settings: TwinSettings,
  { clock, stored, power }: SettingsPlace,
): Pick<SettingsServerOptions, "values" | "storage" | "access"> {
  const values = new Map(settings.values.map(({ name, value }) => [name, value.slice()]));
  const written = (bytes: number) => sleep(clock, (Math.ceil(bytes / 4) * WORD_US) / 1000, power);
  const storage: SettingsStorage = {
    load: () => stored,
    save: async (name, value) => {
      await written(name.length + value.length + 2 * ENTRY_BYTES);
      stored.set(name, value.slice());
    },
    delete: async (name) => {
      if (!stored.has(name)) return;
      await written(2 * ENTRY_BYTES);
      stored.delete(name);
    },
    erase: async () => {
      // The first page that is erased holds what was written first: nothing is whole after it.
      stored.clear();
      await sleep(clock, PAGES * PAGE_MS, power);
    },
  };
  if (settings.stored) takeStored(values, storage);
  const isLocked = (name: string | undefined) => name !== undefined && settings.locked.includes(name);
  return {
    values,
    ...(settings.stored && { storage }),
    access: ({ access, name }) => {
      if ((access === "write" || access === "delete") && isLocked(name)) throw new SmpFault({ code: ACCESS_DENIED });
    },
  };
}
