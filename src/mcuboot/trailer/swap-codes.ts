/** Swap types, with their number in `swap_info` and in log lines. */
export const SWAP_TYPES = [
  { name: "none", code: 1, source: "MCUboot bootutil_public.h BOOT_SWAP_TYPE_*" },
  { name: "test", code: 2, source: "MCUboot bootutil_public.h BOOT_SWAP_TYPE_*" },
  { name: "perm", code: 3, source: "MCUboot bootutil_public.h BOOT_SWAP_TYPE_*" },
  { name: "revert", code: 4, source: "MCUboot bootutil_public.h BOOT_SWAP_TYPE_*" },
  { name: "fail", code: 5, source: "MCUboot bootutil_public.h BOOT_SWAP_TYPE_*" },
  { name: "panic", code: 0xff, source: "MCUboot bootutil_public.h BOOT_SWAP_TYPE_*" },
] as const;

export type SwapType = (typeof SWAP_TYPES)[number]["name"];

/** Number of a swap type. */
export const SWAP_CODE = Object.fromEntries(SWAP_TYPES.map((row) => [row.name, row.code])) as Readonly<
  Record<SwapType, number>
>;

/** The swap type of a number; every number that means nothing is "panic", as the boot loop treats it. */
export function swapTypeOfCode(code: number): SwapType {
  return SWAP_TYPES.find((row) => row.code === code)?.name ?? "panic";
}

/** True for the types that move images. */
export function isUpgrade(type: SwapType): boolean {
  return type === "test" || type === "perm" || type === "revert";
}
