/** For scripts/tidy.test.ts: the room tables of oxlint.config.mjs, which CONTRIBUTING.md explains. */
export const ROOMS: Readonly<Record<string, readonly string[]>>;
export const INNER_ROOMS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
