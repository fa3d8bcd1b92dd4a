// Starts the bundle of the command line beside this file (bundle.mjs), with its code as V8 compiled it before: a third of a start is compiling.
// HIL_KEEP_CODE=1 keeps what this start has compiled.
const { existsSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const { Script } = require("node:vm");

const filename = path.join(__dirname, "hil.js");
const kept = path.join(__dirname, "hil.code");
const script = new Script(readFileSync(filename, "latin1"), {
  filename,
  ...(existsSync(kept) && { cachedData: readFileSync(kept) }),
});
if (process.env.HIL_KEEP_CODE !== undefined) {
  process.once("exit", () => {
    writeFileSync(`${kept}.new`, script.createCachedData());
    renameSync(`${kept}.new`, kept);
  });
}
script.runInThisContext()(module.exports, require, module, filename, __dirname);
