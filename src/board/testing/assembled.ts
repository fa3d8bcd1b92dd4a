/** For integration tests that put a board together from links and parts of their own. */
export { assembleBoard } from "../parts/assemble.ts";
