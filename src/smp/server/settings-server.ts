import { SETTINGS_GROUP } from "../groups/settings.ts";
import { ZEPHYR_BASIC_GROUP } from "../groups/zephyr-basic.ts";
import { type ServerGenerationName, serverGeneration } from "../packet/generations.ts";
import { SmpFault } from "./faults.ts";
import type { SmpHandlers } from "./server.ts";

const INVALID = 3;
/** CONFIG_MCUMGR_GRP_SETTINGS_NAME_LEN, with the byte that ends a text; CONFIG_MCUMGR_GRP_SETTINGS_VALUE_LEN. */
const NAME_BYTES = 32;
const VALUE_BYTES = 32;
const CODE = { keyTooLong: 2, keyNotFound: 3, rootNotFound: 5, saveNotSupported: 8 } as const;
const STORAGE_OPEN_FAILED = 2;

/** Where values stay when power goes. What it throws ends the command without an answer. */
export interface SettingsStorage {
  /** All that is stored, by name. */
  load(): ReadonlyMap<string, Uint8Array>;
  save(name: string, value: Uint8Array): Promise<void> | void;
  /** No fault when there is no such name. */
  delete(name: string): Promise<void> | void;
  erase(): Promise<void> | void;
}

/** What a client wants, as firmware's access hook is asked; `name` where there is one. */
export interface SettingsAccess {
  readonly access: "read" | "write" | "delete" | "commit" | "load" | "save";
  readonly name?: string | undefined;
}

export interface SettingsServerOptions {
  /** What the firmware holds in RAM, by name: its keys are those that somebody handles. They are the caller's. */
  readonly values: Map<string, Uint8Array>;
  /** Absent on firmware without storage. */
  readonly storage?: SettingsStorage | undefined;
  /** CONFIG_MCUMGR_GRP_SETTINGS_ACCESS_HOOK: throws an SmpFault to refuse. */
  readonly access?: ((asked: SettingsAccess) => void) | undefined;
  readonly generation?: ServerGenerationName | undefined;
}

/**
 * Handlers of groups 3 and, where there is storage, 63, as Zephyr's behave: reads and writes are of the value in RAM, a
 * delete is of the stored one alone, and a load takes what is stored into RAM.
 * Source: Zephyr settings_mgmt.c, settings_store.c, zephyr_basic_mgmt.c (read); refusals of firmware without values and
 * storage measured on Zephyr 4.4.0 (peers/smp-groups.test.ts).
 */
export function settingsHandlers({ values, storage, access, generation }: SettingsServerOptions): SmpHandlers {
  const { settingsSaveTells = false } = serverGeneration(generation);
  const fault = (code: number) => new SmpFault({ group: SETTINGS_GROUP, code });
  const allowed = (asked: SettingsAccess["access"], name?: string): void => access?.({ access: asked, name });
  const named = (asked: "read" | "write" | "delete", name: string): string => {
    if (name === "") throw new SmpFault({ code: INVALID });
    if (Buffer.byteLength(name) >= NAME_BYTES) throw fault(CODE.keyTooLong);
    allowed(asked, name);
    return name;
  };
  const handled = (name: string): Uint8Array => {
    const value = values.get(name);
    if (value) return value;
    const isRooted = [...values.keys()].some((key) => rootOf(key) === rootOf(name));
    throw fault(isRooted ? CODE.keyNotFound : CODE.rootNotFound);
  };
  return {
    readSetting: ({ name, max_size: most = VALUE_BYTES }) => {
      const value = handled(named("read", name));
      return {
        val: value.slice(0, Math.min(most, VALUE_BYTES)),
        max_size: most > VALUE_BYTES ? VALUE_BYTES : undefined,
      };
    },
    writeSetting: ({ name, val = new Uint8Array() }) => {
      handled(named("write", name));
      values.set(name, val.slice());
      return {};
    },
    deleteSetting: async ({ name }) => {
      named("delete", name);
      if (!storage) throw fault(CODE.keyNotFound);
      await storage.delete(name);
      return {};
    },
    commitSettings: () => {
      allowed("commit");
      return {};
    },
    loadSettings: () => {
      allowed("load");
      if (storage) takeStored(values, storage);
      return {};
    },
    saveSettings: async ({ name }) => {
      allowed("save", settingsSaveTells ? name : undefined);
      if (!storage && settingsSaveTells) throw fault(CODE.saveNotSupported);
      if (!storage) return {};
      const root = settingsSaveTells ? name : undefined;
      const stored = storage.load();
      for (const [key, value] of values) {
        // A part is saved by whoever handles it whole: the name of a single value means nobody.
        if (root !== undefined && rootOf(key) !== root) continue;
        if (!isSame(stored.get(key), value)) await storage.save(key, value);
      }
      return {};
    },
    eraseStorage: async () => {
      if (!storage) throw new SmpFault({ group: ZEPHYR_BASIC_GROUP, code: STORAGE_OPEN_FAILED });
      await storage.erase();
      return {};
    },
  };
}

/** Takes what is stored into RAM, where somebody handles it: what firmware does at its start. */
export function takeStored(values: Map<string, Uint8Array>, storage: Pick<SettingsStorage, "load">): void {
  for (const [name, value] of storage.load()) if (values.has(name)) values.set(name, value.slice());
}

function rootOf(name: string): string {
  return name.split("/")[0] ?? "";
}

function isSame(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}
