/**
 * Numbers of errors by name. An answer of SMP version 2 names the group and its own code (`err`); errors of the protocol
 * itself, and every error in version 1, come as `rc` from the list of `MGMT_ERRORS`.
 * Source: Zephyr mgmt_defines.h and the group headers, measured where it says so.
 */
interface ErrorRow {
  readonly code: number;
  readonly name: string;
  /** What the server answers to a client of version 1; default 1 (EUNKNOWN). */
  readonly v1?: number;
  /** What a person can do about it. */
  readonly hint?: string;
}

/** Codes of `rc`. Source: Zephyr mgmt_defines.h. */
export const MGMT_ERRORS: readonly ErrorRow[] = [
  { code: 0, name: "EOK" },
  { code: 1, name: "EUNKNOWN", hint: "The board does not say more; its log may." },
  {
    code: 2,
    name: "ENOMEM",
    hint: "The board had no buffer for the answer; old servers also mean that no slot is free.",
  },
  { code: 3, name: "EINVAL", hint: "The board did not understand the request's fields." },
  { code: 4, name: "ETIMEOUT" },
  { code: 5, name: "ENOENT" },
  { code: 6, name: "EBADSTATE", hint: "A slot is in use: confirm or reset first, then look at `image list`." },
  {
    code: 7,
    name: "EMSGSIZE",
    hint: "The answer is larger than the board's buffer: raise CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE.",
  },
  { code: 8, name: "ENOTSUP", hint: "The firmware is built without this command (or serial recovery is answering)." },
  { code: 9, name: "ECORRUPT" },
  { code: 10, name: "EBUSY", hint: "Try again, or force it." },
  { code: 11, name: "EACCESSDENIED" },
  { code: 12, name: "UNSUPPORTED_TOO_OLD", hint: "The board speaks SMP version 2 only." },
  { code: 13, name: "UNSUPPORTED_TOO_NEW", hint: "The board speaks an older SMP version." },
  { code: 256, name: "EPERUSER" },
];

/**
 * What an `rc` means when this command gets it, on servers that have no codes of their own: a hint that replaces the
 * general one. Source: Zephyr img_mgmt.c of 2.7 and 3.2; the servers' answers in peers/smp-servers.test.ts.
 */
export const COMMAND_HINTS: readonly { readonly command: string; readonly code: number; readonly hint: string }[] = [
  {
    command: "image upload",
    code: 5,
    hint: "No slot is free: the other one holds an image that is pending or confirmed. Confirm or reset first, then look at `image list`; on firmware without a second slot there is none at all.",
  },
  {
    command: "image upload",
    code: 1,
    hint: "Old servers say no more when the flash refuses or the slot is in use: look at `image list` and at the board's log.",
  },
  {
    command: "image state write",
    code: 1,
    hint: "Old servers say so when the image runs already (the same image in both slots counts as the running one), and when the flash refuses.",
  },
  {
    command: "image erase",
    code: 1,
    hint: "Old servers say so when the slot is blank already, and when the flash refuses: look at `image list`.",
  },
];

interface ErrorGroup {
  readonly group: number;
  readonly name: string;
  readonly errors: readonly ErrorRow[];
}

/** Codes of `err`, by group. */
export const ERROR_GROUPS: readonly ErrorGroup[] = [
  {
    group: 0,
    name: "os",
    errors: [
      { code: 1, name: "UNKNOWN" },
      { code: 2, name: "INVALID_FORMAT", v1: 3 },
      { code: 3, name: "QUERY_YIELDS_NO_ANSWER", v1: 5 },
      { code: 4, name: "RTC_NOT_SET", v1: 5 },
      { code: 5, name: "RTC_COMMAND_FAILED" },
      { code: 6, name: "QUERY_RESPONSE_VALUE_NOT_VALID" },
      { code: 7, name: "HEAP_STATS_FETCH_FAILED" },
    ],
  },
  {
    group: 1,
    name: "image",
    errors: [
      { code: 1, name: "UNKNOWN" },
      { code: 2, name: "FLASH_CONFIG_QUERY_FAIL" },
      { code: 3, name: "NO_IMAGE", v1: 5 },
      { code: 4, name: "NO_TLVS", v1: 5 },
      { code: 5, name: "INVALID_TLV" },
      { code: 6, name: "TLV_MULTIPLE_HASHES_FOUND" },
      { code: 7, name: "TLV_INVALID_SIZE" },
      { code: 8, name: "HASH_NOT_FOUND", hint: "No slot holds an image of this hash: look at `image list`." },
      {
        code: 9,
        name: "NO_FREE_SLOT",
        v1: 6,
        hint: "The slot is in use: confirm the running image, or let it revert, then run again.",
      },
      { code: 10, name: "FLASH_OPEN_FAILED", hint: "There is no such slot on this board." },
      { code: 11, name: "FLASH_READ_FAILED" },
      { code: 12, name: "FLASH_WRITE_FAILED" },
      { code: 13, name: "FLASH_ERASE_FAILED" },
      { code: 14, name: "INVALID_SLOT", v1: 3 },
      { code: 15, name: "NO_FREE_MEMORY", v1: 2 },
      { code: 16, name: "FLASH_CONTEXT_ALREADY_SET" },
      { code: 17, name: "FLASH_CONTEXT_NOT_SET" },
      { code: 18, name: "FLASH_AREA_DEVICE_NULL" },
      { code: 19, name: "INVALID_PAGE_OFFSET", v1: 3 },
      { code: 20, name: "INVALID_OFFSET", v1: 3 },
      { code: 21, name: "INVALID_LENGTH", v1: 3 },
      { code: 22, name: "INVALID_IMAGE_HEADER", v1: 3 },
      {
        code: 23,
        name: "INVALID_IMAGE_HEADER_MAGIC",
        hint: "The file is no MCUboot image: sign it first (`hil image sign`).",
      },
      {
        code: 24,
        name: "INVALID_HASH",
        v1: 3,
        hint: "The server wants a hash of the length that its bootloader uses: 32 bytes of SHA-256 (64 hex digits), 48 of SHA-384 or 64 of SHA-512.",
      },
      { code: 25, name: "INVALID_FLASH_ADDRESS", v1: 3 },
      { code: 26, name: "VERSION_GET_FAILED" },
      {
        code: 27,
        name: "CURRENT_VERSION_IS_NEWER",
        v1: 6,
        hint: "The running version is the same or newer, and the upload asked for an upgrade.",
      },
      {
        code: 28,
        name: "IMAGE_ALREADY_PENDING",
        v1: 6,
        hint: "A swap is scheduled already: reset the board, then run again.",
      },
      { code: 29, name: "INVALID_IMAGE_VECTOR_TABLE" },
      { code: 30, name: "INVALID_IMAGE_TOO_LARGE", hint: "The image is larger than the slot." },
      { code: 31, name: "INVALID_IMAGE_DATA_OVERRUN" },
      { code: 32, name: "IMAGE_CONFIRMATION_DENIED" },
      {
        code: 33,
        name: "IMAGE_SETTING_TEST_TO_ACTIVE_DENIED",
        hint: "The image runs already (the same image in both slots counts as the running one).",
      },
      { code: 34, name: "ACTIVE_SLOT_NOT_KNOWN" },
    ],
  },
  {
    group: 2,
    name: "statistics",
    errors: [
      { code: 1, name: "UNKNOWN" },
      { code: 2, name: "INVALID_GROUP" },
      { code: 3, name: "INVALID_STAT_NAME", v1: 5 },
      { code: 4, name: "INVALID_STAT_SIZE" },
      { code: 5, name: "WALK_ABORTED" },
    ],
  },
  {
    group: 3,
    name: "settings",
    errors: [
      { code: 1, name: "UNKNOWN" },
      { code: 2, name: "KEY_TOO_LONG", v1: 3 },
      { code: 3, name: "KEY_NOT_FOUND", v1: 5 },
      { code: 4, name: "READ_NOT_SUPPORTED", v1: 5 },
      { code: 5, name: "ROOT_KEY_NOT_FOUND" },
      { code: 6, name: "WRITE_NOT_SUPPORTED" },
      { code: 7, name: "DELETE_NOT_SUPPORTED" },
      { code: 8, name: "SAVE_NOT_SUPPORTED" },
    ],
  },
  {
    group: 8,
    name: "file system",
    errors: [
      { code: 1, name: "UNKNOWN" },
      { code: 2, name: "FILE_INVALID_NAME", v1: 3 },
      { code: 3, name: "FILE_NOT_FOUND", v1: 5 },
      { code: 4, name: "FILE_IS_DIRECTORY" },
      { code: 5, name: "FILE_OPEN_FAILED" },
      { code: 6, name: "FILE_SEEK_FAILED" },
      { code: 7, name: "FILE_READ_FAILED" },
      { code: 8, name: "FILE_TRUNCATE_FAILED" },
      { code: 9, name: "FILE_DELETE_FAILED" },
      { code: 10, name: "FILE_WRITE_FAILED" },
      { code: 11, name: "FILE_OFFSET_NOT_VALID" },
      { code: 12, name: "FILE_OFFSET_LARGER_THAN_FILE" },
      { code: 13, name: "CHECKSUM_HASH_NOT_FOUND", v1: 3 },
      { code: 14, name: "MOUNT_POINT_NOT_FOUND", v1: 5 },
      { code: 15, name: "READ_ONLY_FILESYSTEM" },
      { code: 16, name: "FILE_EMPTY" },
      { code: 17, name: "FILE_CLOSE_FAILED" },
    ],
  },
  {
    group: 9,
    name: "shell",
    errors: [
      { code: 1, name: "UNKNOWN" },
      { code: 2, name: "COMMAND_TOO_LONG", v1: 3 },
      { code: 3, name: "EMPTY_COMMAND", v1: 3 },
    ],
  },
  {
    group: 10,
    name: "enumeration",
    errors: [
      { code: 1, name: "UNKNOWN" },
      { code: 2, name: "TOO_MANY_GROUP_ENTRIES", v1: 3 },
      { code: 3, name: "INSUFFICIENT_HEAP_FOR_ENTRIES" },
      { code: 4, name: "INDEX_TOO_LARGE" },
    ],
  },
  {
    group: 63,
    name: "Zephyr basic",
    errors: [
      { code: 1, name: "UNKNOWN" },
      { code: 2, name: "FLASH_OPEN_FAILED", v1: 5 },
      { code: 3, name: "FLASH_CONFIG_QUERY_FAIL", v1: 0 },
      { code: 4, name: "FLASH_ERASE_FAILED", v1: 0 },
    ],
  },
];

/** The row of a code: of its group, or of the protocol itself when `group` is undefined; unknown codes get a row too. */
export function errorRow(group: number | undefined, code: number): ErrorRow {
  const errors = group === undefined ? MGMT_ERRORS : ERROR_GROUPS.find((row) => row.group === group)?.errors;
  return errors?.find((row) => row.code === code) ?? { code, name: `UNKNOWN_${code}` };
}

/** What a client of version 1 is told for a group's code. Source: Zephyr, each group's translate_error_code. */
export function v1Code(group: number, code: number): number {
  return errorRow(group, code).v1 ?? 1;
}
