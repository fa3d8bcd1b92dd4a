import {
  CUTTER_MAGIC,
  CUTTER_MESSAGES,
  CUTTER_VERSION,
  DELAY_US_MAX,
  MESSAGE_BYTES_MAX,
} from "../../cutter/messages.ts";

const PYTHON_TYPES = { uint: "int", bytes: "bytes", text: "str" } as const;

/** messages.py of the cutter's program: the same rows as the driver's. */
export function cutterTable(): string {
  const lines = [
    "# Made by generate.ts from src/power/cutter/messages.ts. Do not edit: both ends must agree.",
    `VERSION = ${CUTTER_VERSION}`,
    `MAGIC = "${CUTTER_MAGIC}"`,
    `MESSAGE_BYTES_MAX = ${MESSAGE_BYTES_MAX}`,
    `DELAY_US_MAX = ${DELAY_US_MAX}`,
    "",
    ...CUTTER_MESSAGES.map(({ name, id }) => `${name.toUpperCase()} = ${id}`),
    "",
    "# Name, type and greatest value (or length) of each field.",
    "FROM_HOST = {",
    ...CUTTER_MESSAGES.filter(({ from }) => from === "host").flatMap(({ name, fields }) =>
      fields.length === 0
        ? [`    ${name.toUpperCase()}: (),`]
        : [
            `    ${name.toUpperCase()}: (`,
            ...fields.map((field) => `        ("${field.name}", ${PYTHON_TYPES[field.kind]}, ${field.max}),`),
            "    ),",
          ],
    ),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}
