/**
 * Counts up whenever an entry may no longer be what control comes to: exits remember theirs, and translated code is
 * left where it may be outdated.
 */
export const LINKS = { epoch: 0 };
