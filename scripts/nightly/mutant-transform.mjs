import { createRequire } from "node:module";

const swc = createRequire(import.meta.url)("@swc/jest");
/** The mutant of this process: a file, and what stands there instead. Source: mutant-run.ts. */
const { path: broken, text: instead } = JSON.parse(process.env.HIL_MUTANT ?? "{}");

/** @swc/jest, but for the file of the mutant: that one is compiled as it is broken. All others come from Jest's cache. */
export default {
  createTransformer(options) {
    const { canInstrument, ...inner } = swc.createTransformer(options);
    const given = (text, path) => (path === broken ? instead : text);
    return {
      canInstrument,
      process: (text, path, ...rest) => inner.process(given(text, path), path, ...rest),
      processAsync: (text, path, ...rest) => inner.processAsync(given(text, path), path, ...rest),
      getCacheKey: (text, path, ...rest) => inner.getCacheKey(given(text, path), path, ...rest),
    };
  },
};
