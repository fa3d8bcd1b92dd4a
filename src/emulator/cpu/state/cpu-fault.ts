/** Exception numbers. Source: Armv8-M ARM (DDI 0553), B3.8, exception numbers and priority. */
export const EXCEPTION = {
  thread: 0,
  reset: 1,
  nmi: 2,
  hardFault: 3,
  memManage: 4,
  busFault: 5,
  usageFault: 6,
  secureFault: 7,
  svCall: 11,
  debugMonitor: 12,
  pendSv: 14,
  sysTick: 15,
  irq0: 16,
} as const;

interface FaultRow {
  readonly exception: number;
  /** Bit of CFSR, or of SFSR for a SecureFault. */
  readonly bit: number;
  /** Bit that says the fault address register holds the address; absent: the fault has none. */
  readonly addressBit?: number;
}

const { memManage, busFault, usageFault, secureFault, hardFault } = EXCEPTION;

/** Synchronous faults. Source: Armv8-M ARM (DDI 0553), D1.2: MMFSR, BFSR, UFSR, SFSR, HFSR. */
export const FAULTS = {
  IACCVIOL: { exception: memManage, bit: 0 },
  DACCVIOL: { exception: memManage, bit: 1, addressBit: 7 },
  MUNSTKERR: { exception: memManage, bit: 3 },
  MSTKERR: { exception: memManage, bit: 4 },
  MLSPERR: { exception: memManage, bit: 5 },
  IBUSERR: { exception: busFault, bit: 8 },
  PRECISERR: { exception: busFault, bit: 9, addressBit: 15 },
  UNSTKERR: { exception: busFault, bit: 11 },
  STKERR: { exception: busFault, bit: 12 },
  LSPERR: { exception: busFault, bit: 13 },
  UNDEFINSTR: { exception: usageFault, bit: 16 },
  INVSTATE: { exception: usageFault, bit: 17 },
  INVPC: { exception: usageFault, bit: 18 },
  NOCP: { exception: usageFault, bit: 19 },
  STKOF: { exception: usageFault, bit: 20 },
  UNALIGNED: { exception: usageFault, bit: 24 },
  DIVBYZERO: { exception: usageFault, bit: 25 },
  INVEP: { exception: secureFault, bit: 0 },
  INVIS: { exception: secureFault, bit: 1 },
  INVER: { exception: secureFault, bit: 2 },
  AUVIOL: { exception: secureFault, bit: 3, addressBit: 6 },
  INVTRAN: { exception: secureFault, bit: 4 },
  LSERR: { exception: secureFault, bit: 7 },
  VECTTBL: { exception: hardFault, bit: 1 },
} as const satisfies Record<string, FaultRow>;

export type FaultName = keyof typeof FAULTS;

/** An instruction that cannot complete. One is kept by each core and thrown again and again: faults may be frequent. */
export class CpuFault extends Error {
  override readonly name = "CpuFault";
  fault: FaultName = "UNDEFINSTR";
  /** The data address, where the fault has one. */
  address = 0;
}
