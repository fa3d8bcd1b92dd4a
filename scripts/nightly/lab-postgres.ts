import { spawnSync } from "node:child_process";
import { hasPostgres, NO_POSTGRES, PrivatePostgres } from "../../src/cli/testing/lab/private-postgres.ts";
import { LAB_DATABASE_VARIABLE } from "../../src/cli/testing/lab-program.ts";

/** `npx tsx scripts/nightly/lab-postgres.ts`: the suites of src/lab/integration, each lab in a database of PostgreSQL's. */
if (!hasPostgres()) {
  process.stdout.write(`${NO_POSTGRES}\n`);
  process.exit(1);
}
await using postgres = await PrivatePostgres.start();
const env = { ...process.env, [LAB_DATABASE_VARIABLE]: postgres.server };
const argv = ["run", "--silent", "jest", "--", "-w", "1", "src/lab/integration"];
const { status } = spawnSync("npm", argv, { stdio: "inherit", env });
process.exitCode = status ?? 1;
