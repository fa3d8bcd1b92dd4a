/** What a core is made with. */
export interface CoreConfig {
  readonly name: string;
  /** v6m: Cortex-M0 (nRF51). v8m: Armv8-M mainline, Cortex-M33 (both cores of the nRF5340). */
  readonly architecture: "v6m" | "v8m";
  /** Security Extension: two states, SAU. */
  readonly security: boolean;
  /** Single-precision FPv5. */
  readonly fpu: boolean;
  readonly dsp: boolean;
  /** Regions of each MPU; 0: none. */
  readonly mpuRegions: number;
  readonly sauRegions: number;
  /** Implemented bits of a priority, the highest of the byte. */
  readonly priorityBits: number;
  readonly interrupts: number;
}

/** Source: nRF5340 Product Specification v1.5, "CPU": Cortex-M33 with FPU, DSP, TrustZone, 8 MPU and 8 SAU regions. */
export const NRF5340_APPLICATION: CoreConfig = {
  name: "nRF5340 application core",
  architecture: "v8m",
  security: true,
  fpu: true,
  dsp: true,
  mpuRegions: 8,
  sauRegions: 8,
  priorityBits: 3,
  interrupts: 69,
};

/** Source: nRF5340 Product Specification v1.5, network core "CPU": no FPU, DSP or TrustZone. */
export const NRF5340_NETWORK: CoreConfig = {
  name: "nRF5340 network core",
  architecture: "v8m",
  security: false,
  fpu: false,
  dsp: false,
  mpuRegions: 8,
  sauRegions: 0,
  priorityBits: 3,
  interrupts: 30,
};

/** Source: nRF51 Series Reference Manual v3.0, "CPU": Cortex-M0, 32 interrupts, 2 bits of priority. */
export const NRF51: CoreConfig = {
  name: "nRF51",
  architecture: "v6m",
  security: false,
  fpu: false,
  dsp: false,
  mpuRegions: 0,
  sauRegions: 0,
  priorityBits: 2,
  interrupts: 32,
};
