// One linter decides. The room table below says which folder of src/ may import which, through index.ts only.
export const ROOMS = {
  core: [],
  image: ["core"],
  serial: ["core"],
  smp: ["core", "serial"],
  power: ["core", "serial"],
  mcuboot: ["core", "image"],
  twin: ["core", "image", "mcuboot", "serial", "smp", "power"],
  board: ["core", "image", "serial", "smp", "power", "mcuboot", "twin"],
  campaign: ["core", "image", "smp", "mcuboot", "board"],
  report: ["core", "campaign"],
  jest: ["core", "image", "smp", "board", "campaign", "report"],
};

const allRooms = [...Object.keys(ROOMS), "cli"];

/** Imports that leave a room: only to the rooms named, and only to their index. */
function boundary(room, allowed, { tests }) {
  const forbidden = allRooms.filter((other) => other !== room && !allowed.includes(other));
  // No look-ahead in these patterns: "not index", and in tests "not testing/" either, are spelled out.
  const past = tests ? "([^it]|i[^n]|in[^d]|t[^e]|te[^s]|tes[^t]).*" : "([^i]|i[^n]|in[^d]).*";
  return {
    files: tests ? [`src/${room}/**/*.test.ts`, `src/${room}/**/testing/**`] : [`src/${room}/**/*.ts`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            ...(forbidden.length === 0
              ? []
              : [
                  {
                    regex: `(^|/)\\.\\./(.*/)?(${forbidden.join("|")})/`,
                    message: `src/${room} may import: ${allowed.join(", ") || "nothing of ours"} (oxlint.config.mjs)`,
                  },
                ]),
            {
              regex: `(^|/)\\.\\./(${allRooms.filter((other) => other !== room).join("|")})/${past}`,
              message: "import another room through its index.ts",
            },
          ],
        },
      ],
    },
  };
}

const timeAndChance = {
  "no-restricted-globals": [
    "error",
    ...["setTimeout", "setInterval", "setImmediate", "performance"].map((name) => ({
      name,
      message: "time enters through core/clock.ts",
    })),
  ],
  "no-restricted-properties": [
    "error",
    { object: "Date", property: "now", message: "time enters through core/clock.ts" },
    { object: "Math", property: "random", message: "chance enters through core/random.ts" },
  ],
};

export default {
  plugins: ["typescript", "import", "unicorn", "promise", "node"],
  categories: { correctness: "error", suspicious: "error" },
  options: { typeAware: true },
  ignorePatterns: ["dist/**", "node_modules/**"],
  rules: {
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/no-explicit-any": "error",
    "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    "typescript/consistent-type-imports": "error",
    "import/no-cycle": "error",
    "eslint/no-await-in-loop": "off",
    "eslint/no-underscore-dangle": "off",
    "typescript/consistent-return": "off", // tsc: noImplicitReturns
    "import/no-named-as-default-member": "off",
    "eslint/no-shadow": "off",
    "unicorn/consistent-function-scoping": "off",
    "unicorn/no-array-sort": "off",
    "unicorn/no-useless-spread": "off",
    "unicorn/no-array-reverse": "off",
    "promise/always-return": "off",
    "typescript/no-unsafe-type-assertion": "off",
    "eslint/max-lines": ["error", { max: 400, skipBlankLines: false, skipComments: false }],
    "eslint/max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
  },
  overrides: [
    ...Object.entries(ROOMS).map(([room, allowed]) => boundary(room, allowed, { tests: false })),
    ...Object.entries(ROOMS).map(([room, allowed]) => boundary(room, allowed, { tests: true })),
    { files: ["src/**/*.ts"], rules: timeAndChance },
    { files: ["src/core/clock.ts", "src/core/virtual-clock.ts"], rules: { "no-restricted-globals": "off" } },
    { files: ["**/*.test.ts"], rules: { "eslint/max-lines-per-function": "off", "no-restricted-globals": "off" } },
  ],
};
