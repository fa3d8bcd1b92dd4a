// Removes the folders named on the command line (build output), so that a deleted source file leaves nothing behind.
import { rmSync } from "node:fs";

for (const folder of process.argv.slice(2)) rmSync(folder, { recursive: true, force: true });
