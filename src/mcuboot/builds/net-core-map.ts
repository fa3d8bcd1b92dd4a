/** Memory of the nRF5340's network core. Source: nrfx (flash); a published partitions_CPUNET.yml. */
export const NET_FLASH = {
  /** Where the network core sees its flash. */
  address: 0x0100_0000,
  bytes: 0x4_0000,
  /** Erase unit in bytes: half of the application core's. */
  pageBytes: 0x800,
} as const;

/** b0n and its provision data: PM_CPUNET_B0N_ADDRESS and the bytes up to the application. */
export const B0N_CONTAINER = { address: 0x0100_0000, bytes: 0x8800 } as const;

/** The network core's application: PM_CPUNET_APP_ADDRESS up to, and without, PM_CPUNET_APP_END_ADDRESS. */
export const NET_APP = { address: 0x0100_8800, bytes: 0x3_7800, endAddress: 0x0104_0000 } as const;
