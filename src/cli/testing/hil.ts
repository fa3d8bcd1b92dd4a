// The command line from source, for tests that need a process of its own: signals, real ports, a kill.
import { main } from "../main.ts";

process.exitCode = await main(process.argv.slice(2));
