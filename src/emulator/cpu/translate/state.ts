/**
 * What goes in and out of a region. In: cells from nz to kind, may read, may write, limit of the stack in use. Out:
 * cells from nz to kind, exit, and the address of an exit that has none of its own. `left` and `stop`: what an access
 * through the port left, see `Port`.
 */
export const STATE = {
  nz: 0,
  c: 1,
  v: 2,
  fa: 3,
  fb: 4,
  fr: 5,
  kind: 6,
  exit: 7,
  pc: 8,
  read: 9,
  write: 10,
  limit: 11,
  left: 12,
  stop: 13,
} as const;

export const STATE_CELLS = Object.keys(STATE).length;
