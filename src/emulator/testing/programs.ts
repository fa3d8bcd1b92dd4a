/** Small programs for tests of other rooms. */
export { ThumbProgram } from "../chip/parts/thumb-program.ts";
