import { SETTINGS_GROUP } from "../groups/settings.ts";
import { ZEPHYR_BASIC_GROUP } from "../groups/zephyr-basic.ts";
import { SmpFault } from "./faults.ts";
import type { SmpHandlers } from "./server.ts";

const INVALID = 3;
/** CONFIG_MCUMGR_GRP_SETTINGS_NAME_LEN, with the byte that ends a text. */
const NAME_BYTES = 32;
const CODE = { keyTooLong: 2, keyNotFound: 3, rootNotFound: 5, saveNotSupported: 8 } as const;
const STORAGE_OPEN_FAILED = 2;

interface SettingsServerOptions {
  /** Values by key; their first words are the roots that somebody handles. They are the caller's. */
  readonly values: Map<string, Uint8Array>;
  /** Where values stay when power goes: absent on firmware without storage. */
  readonly storage?: { save(): void; erase(): void };
}

/**
 * Handlers of groups 3 and, where there is storage, 63, as Zephyr's behave.
 * Source: Zephyr settings_mgmt.c, zephyr_basic_mgmt.c; refusals measured on Zephyr 4.4.0, which had no values.
 */
export function settingsHandlers({ values, storage }: SettingsServerOptions): SmpHandlers {
  const fault = (code: number) => new SmpFault({ group: SETTINGS_GROUP, code });
  const checked = (name: string): string => {
    if (name === "") throw new SmpFault({ code: INVALID });
    if (Buffer.byteLength(name) >= NAME_BYTES) throw fault(CODE.keyTooLong);
    return name;
  };
  const rooted = (name: string): string => {
    const root = checked(name).split("/")[0];
    if (![...values.keys()].some((key) => key.split("/")[0] === root)) throw fault(CODE.rootNotFound);
    return name;
  };
  return {
    readSetting: ({ name, max_size: most }) => {
      const val = values.get(rooted(name));
      if (!val) throw fault(CODE.keyNotFound);
      const cut = most !== undefined && val.length > most;
      return { val: cut ? val.slice(0, most) : val, max_size: cut ? most : undefined };
    },
    writeSetting: ({ name, val = new Uint8Array() }) => {
      values.set(rooted(name), val.slice());
      return {};
    },
    deleteSetting: ({ name }) => {
      if (!values.delete(checked(name))) throw fault(CODE.keyNotFound);
      return {};
    },
    commitSettings: () => ({}),
    loadSettings: () => ({}),
    saveSettings: () => {
      if (!storage) throw fault(CODE.saveNotSupported);
      storage.save();
      return {};
    },
    eraseStorage: () => {
      if (!storage) throw new SmpFault({ group: ZEPHYR_BASIC_GROUP, code: STORAGE_OPEN_FAILED });
      storage.erase();
      return {};
    },
  };
}
