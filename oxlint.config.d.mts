/** For scripts/tidy.test.ts: the room table of oxlint.config.mjs, which CONTRIBUTING.md explains. */
export const ROOMS: Readonly<Record<string, readonly string[]>>;
