interface SnmpModel {
  readonly name: string;
  /** What is written; `.OUTLET` is appended. Below 1.3.6.1.4.1. */
  readonly on: { readonly oid: string; readonly value: number };
  readonly off: { readonly oid: string; readonly value: number };
  /** What is asked, and what its values mean; others (pending) count as unknown for the moment. */
  readonly get: { readonly oid: string; readonly on: number; readonly off: number };
  readonly source: string;
}

/** PDUs by their object identifiers. Source: labgrid, pdudaemon, PowerNet MIB; never run. */
export const SNMP_MODELS = [
  {
    name: "apc-masterswitch",
    on: { oid: "318.1.1.4.4.2.1.3", value: 1 },
    off: { oid: "318.1.1.4.4.2.1.3", value: 2 },
    get: { oid: "318.1.1.4.4.2.1.3", on: 1, off: 2 },
    source: "sPDUOutletCtl",
  },
  {
    name: "apc-rpdu",
    on: { oid: "318.1.1.12.3.3.1.1.4", value: 1 },
    off: { oid: "318.1.1.12.3.3.1.1.4", value: 2 },
    get: { oid: "318.1.1.12.3.5.1.1.4", on: 1, off: 2 },
    source: "AP79xx: rPDUOutletControl, rPDUOutletStatus",
  },
  {
    name: "apc-rpdu2",
    on: { oid: "318.1.1.26.9.2.4.1.5", value: 1 },
    off: { oid: "318.1.1.26.9.2.4.1.5", value: 2 },
    get: { oid: "318.1.1.26.9.2.3.1.5", on: 2, off: 1 },
    source: "AP89xx: the status counts the other way round than the command",
  },
  {
    name: "eaton-epdu",
    on: { oid: "534.6.6.7.6.6.1.4.0", value: 1 },
    off: { oid: "534.6.6.7.6.6.1.3.0", value: 1 },
    get: { oid: "534.6.6.7.6.6.1.2.0", on: 1, off: 0 },
    source: "labgrid eaton.py; 2 and 3 are pending",
  },
  {
    name: "cyberpower",
    on: { oid: "3808.1.1.3.3.3.1.1.4", value: 1 },
    off: { oid: "3808.1.1.3.3.3.1.1.4", value: 2 },
    get: { oid: "3808.1.1.3.3.3.1.1.4", on: 1, off: 2 },
    source: "ePDUOutletControl; that it can be asked is not verified",
  },
] as const satisfies readonly SnmpModel[];

export const SNMP_ENTERPRISES = "1.3.6.1.4.1";
