// The command line from source, for tests that need a process of its own: signals, real ports, a kill.
import { main } from "../main.ts";

// Bundled as a script, which does not wait at its top.
void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
