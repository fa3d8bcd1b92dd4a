import { isInteger, parse } from "lossless-json";
import { EXIT, isKind, messageOf, UsageError } from "../../core/index.ts";
import {
  type CborMap,
  customCommand,
  eraseStorage,
  groupDetails,
  groupList,
  isRefusal,
  memoryPools,
  readDatetime,
  shell,
  statistics,
  statisticsList,
  taskStatistics,
  writeDatetime,
} from "../../smp/index.ts";
import type { SmpCall, SmpSubcommand } from "./subcommand.ts";
import { jsonLine } from "./text.ts";

const done = { json: {}, text: "Done\n" };

/** The commands of the groups beyond OS and image: what a firmware may have. */
export const MORE_SUBCOMMANDS: readonly SmpSubcommand[] = [
  {
    usage: "tasks",
    sends: ["taskStatistics"],
    known: ["taskstat"],
    about: "the threads and their stacks, in words of four bytes",
    run: async ({ client, io }) => {
      const { tasks } = await client.session.request(taskStatistics, {}, { signal: io.signal });
      const rows = Object.entries(tasks).map(([name, task]) => {
        const stack = `${task.stkuse ?? "?"}/${task.stksiz ?? "?"}`;
        return `${(name === "" ? "(no name)" : name).padEnd(20)} priority ${String(task.prio).padStart(4)}  stack ${stack}\n`;
      });
      return { json: { tasks }, text: rows.join("") };
    },
  },
  {
    usage: "pools",
    sends: ["memoryPools"],
    known: ["mpstat"],
    about: "the memory pools: size and number of blocks, free now, fewest free so far",
    run: async ({ client, io }) => {
      const { "*": pools } = await client.session.request(memoryPools, {}, { signal: io.signal });
      const rows = Object.entries(pools as CborMap).map(([name, pool]) => {
        const { nblks, blksiz, nfree, min } = pool as Partial<Record<string, number>>;
        return `${name.padEnd(20)} ${nblks} blocks of ${blksiz} bytes, ${nfree} free, fewest ${min}\n`;
      });
      return { json: pools, text: rows.join("") };
    },
  },
  {
    usage: "datetime [value]",
    sends: ["readDatetime", "writeDatetime"],
    about: "the board's clock; with a value (2026-08-21T02:10:07), set it",
    run: async ({ client, args: [value], io }) => {
      const options = { signal: io.signal };
      if (value === undefined) {
        const answer = await client.session.request(readDatetime, {}, options);
        return { json: answer, text: `${answer.datetime}\n` };
      }
      await client.session.request(writeDatetime, { datetime: value }, options);
      return done;
    },
  },
  {
    usage: "stat list",
    sends: ["statisticsList"],
    known: ["statistics list"],
    about: "the names of the statistics groups",
    run: async ({ client, io }) => {
      const answer = await client.session.request(statisticsList, {}, { signal: io.signal });
      return { json: answer, text: answer.stat_list.map((name) => `${name}\n`).join("") };
    },
  },
  {
    usage: "stat show <name>",
    sends: ["statistics"],
    known: ["stat", "statistics get"],
    about: "the values of one of them",
    run: async ({ client, args: [name = ""], io }) => {
      const answer = await client.session.request(statistics, { name }, { signal: io.signal });
      return { json: answer, text: valuesText(answer.fields) };
    },
  },
  {
    usage: "shell <line...>",
    sends: ["shell"],
    known: ["shell exec"],
    about: "run a line of the board's shell; exits 1 when the command fails",
    run: async ({ client, args: [line = ""], io }) => {
      const answer = await client.session.request(shell, { argv: [line] }, { signal: io.signal });
      const result = answer.ret ?? 0;
      const failed = result === 0 ? "" : `(the command returned ${result})\n`;
      const text = `${answer.o.replaceAll("\r\n", "\n")}${failed}`;
      return { json: answer, text, exitCode: result === 0 ? EXIT.pass : EXIT.failed };
    },
  },
  {
    usage: "groups",
    sends: ["groupList", "groupDetails"],
    known: ["enum", "enum get-supported-groups"],
    about: "the command groups that the firmware has",
    run: groups,
  },
  {
    usage: "storage erase",
    sends: ["eraseStorage"],
    about: "erase the storage partition (settings and all)",
    run: async ({ client, io }) => {
      await client.session.request(eraseStorage, {}, { signal: io.signal });
      return done;
    },
  },
  {
    usage: "raw <read|write> <group> <id> [json]",
    about: "any command, its fields as JSON; the answer comes as JSON",
    check: async (args) => void rawRequest(args),
    run: async ({ client, args, io }) => {
      const { row, fields } = rawRequest(args);
      const answer = await client.session.request(row, { "*": fields }, { signal: io.signal });
      return { json: answer["*"], text: jsonLine(answer["*"]) };
    },
  },
];

async function groups({ client, io }: SmpCall): Promise<{ json: unknown; text: string }> {
  const { session } = client;
  const details = await session.request(groupDetails, {}, { signal: io.signal }).catch((error: unknown) => {
    // Details are an option of their own in the firmware.
    if (isRefusal(error, "ENOTSUP")) return undefined;
    throw error;
  });
  const found =
    details?.groups ?? (await session.request(groupList, {}, { signal: io.signal })).groups.map((group) => ({ group }));
  const text = found.map((entry) =>
    `${String(entry.group).padStart(5)}  ${"name" in entry ? (entry.name ?? "") : ""}`.trimEnd(),
  );
  return { json: { groups: found }, text: `${text.join("\n")}\n` };
}

function valuesText(values: Readonly<Record<string, number | bigint>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${String(value).padStart(10)} ${name}\n`)
    .join("");
}

/** @throws UsageError for numbers out of range and for what is no JSON object. */
function rawRequest([op, group, id, json = "{}"]: readonly string[]): {
  row: ReturnType<typeof customCommand>;
  fields: CborMap;
} {
  if (op !== "read" && op !== "write") throw new UsageError(`"${op ?? ""}" is neither read nor write.`);
  const [groupNumber, idNumber] = [Number(group), Number(id)];
  const inside = (value: number, limit: number) => Number.isInteger(value) && value >= 0 && value < limit;
  if (!inside(groupNumber, 65_536) || !inside(idNumber, 256)) {
    throw new UsageError(`group ${group}, id ${id} is no command.`, "A group is 0 to 65535, an id 0 to 255.");
  }
  let fields: unknown;
  try {
    fields = exactJson(json);
  } catch (error) {
    if (isKind(error, "usage")) throw error;
    throw new UsageError(`the fields are no JSON: ${messageOf(error)}.`, `Write them so: '{"d":"hello"}'.`, {
      cause: error,
    });
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw new UsageError("the fields are no JSON object.", `Write them so: '{"d":"hello"}'.`);
  }
  return { row: customCommand({ op, group: groupNumber, id: idNumber }), fields: fields as CborMap };
}

/** JSON whose integers keep all their digits. @throws UsageError; what the parser throws for text that is no JSON. */
export function exactJson(text: string): unknown {
  return parse(text, undefined, exactNumber);
}

/** An integer keeps all its digits; what CBOR cannot hold as one is refused when it is encoded. */
function exactNumber(text: string): number | bigint {
  const value = Number(text);
  if (!isInteger(text) || Number.isSafeInteger(value)) return value;
  const exact = BigInt(text);
  if (exact >= -(2n ** 64n) && exact < 2n ** 64n) return exact;
  throw new UsageError(`${text} is no integer that CBOR can carry.`, "From -2^64 to 2^64 - 1.");
}
