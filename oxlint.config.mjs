// One linter decides. The room table below says which folder of src/ may import which, through index.ts only.
export const ROOMS = {
  core: [],
  image: ["core"],
  serial: ["core"],
  ble: ["core", "serial"],
  smp: ["core", "serial", "ble"],
  power: ["core", "serial"],
  mcuboot: ["core", "image"],
  emulator: ["core", "mcuboot"],
  twin: ["core", "image", "mcuboot", "serial", "ble", "smp", "power"],
  board: ["core", "image", "serial", "ble", "smp", "power", "mcuboot", "twin", "emulator"],
  campaign: ["core", "image", "smp", "mcuboot", "board"],
  field: ["core", "image", "mcuboot", "twin", "board", "campaign"],
  report: ["core", "smp", "campaign"],
  lab: ["core", "board", "campaign", "report"],
  jest: ["core", "image", "smp", "board", "campaign", "report"],
};

/**
 * Rooms inside the rooms, lowest first: which folder of a room may import which other folder of it. "." is the room's own
 * floor, without its index.ts, which stands above them all and is imported by none of them.
 */
export const INNER_ROOMS = {
  ble: {
    hci: [],
    att: ["hci"],
    ".": ["hci", "att"],
  },
  board: {
    profile: [],
    "from-build": ["profile"],
    import: ["profile"],
    lease: ["profile"],
    parts: ["profile", "lease"],
    calibrate: ["profile", "parts"],
    flash: ["profile", "parts"],
    qemu: ["profile", "lease", "parts"],
    emulated: ["profile", "parts"],
    providers: ["profile", "lease", "parts", "flash", "qemu", "emulated"],
    ".": ["profile", "parts", "providers"],
    doctor: ["profile", "lease", "parts", "calibrate", "flash", "."],
    prove: ["profile", "parts", "calibrate", "."],
  },
  campaign: {
    record: [],
    verdict: ["record"],
    "named-cuts": ["record"],
    request: ["record", "verdict", "named-cuts"],
    matrix: ["record", "request"],
    bench: ["record", "verdict", "request"],
    cuts: ["record", "verdict", "request", "bench"],
    recovery: ["record", "verdict", "request", "bench", "cuts"],
    bootloader: ["record", "verdict", "request", "bench", "cuts"],
    ".": ["record", "verdict", "request", "bench", "cuts", "recovery", "bootloader"],
  },
  core: {
    ".": [],
    foreign: ["."],
    host: ["."],
  },
  cli: {
    terminal: [],
    explain: ["terminal"],
    "image/options": ["terminal"],
    report: ["terminal"],
    history: ["terminal", "report"],
    watch: ["terminal", "report"],
    smp: ["terminal"],
    sweep: ["terminal", "report"],
    image: ["terminal", "image/options"],
    run: ["terminal", "sweep", "report", "watch"],
    board: ["terminal", "report", "sweep", "run"],
    init: ["terminal", "board"],
    firmware: ["terminal", "image", "init"],
    lab: ["terminal", "report", "run"],
    reproduce: ["terminal", "report", "sweep", "init"],
    completion: ["terminal"],
  },
  emulator: {
    memory: [],
    "cpu/state": ["memory"],
    "cpu/float": [],
    "cpu/system": ["memory", "cpu/state"],
    "cpu/execute": ["cpu/state", "cpu/float", "cpu/system"],
    "cpu/decode": ["cpu/state", "cpu/float", "cpu/execute"],
    "cpu/translate": ["memory", "cpu/state", "cpu/system", "cpu/execute", "cpu/decode"],
    cpu: ["memory", "cpu/state", "cpu/system", "cpu/execute", "cpu/decode", "cpu/translate"],
    "chip/parts": ["memory"],
    "chip/bus": ["memory", "chip/parts"],
    "chip/clock": ["chip/parts"],
    "chip/memory": ["memory", "chip/parts"],
    "chip/radio": ["chip/parts"],
    "chip/serial": ["chip/parts"],
    "chip/timers": ["chip/parts"],
    chip: [
      ...["memory", "cpu/state", "cpu", "chip/parts"],
      ...["chip/bus", "chip/clock", "chip/memory", "chip/radio", "chip/serial", "chip/timers"],
    ],
    debug: ["memory", "cpu/state"],
  },
  field: {
    world: [],
    evidence: ["world"],
    causes: ["world"],
    search: ["world", "evidence", "causes"],
    replay: ["world", "causes"],
  },
  image: {
    format: [],
    crypto: ["format"],
    keys: ["format", "crypto"],
    build: ["format", "crypto", "keys"],
    files: ["format", "build"],
    inspect: ["format", "crypto", "keys", "build"],
    mutate: ["format", "crypto", "keys", "inspect"],
    rekey: ["format", "crypto", "keys", "build", "inspect"],
  },
  lab: {
    rules: [],
    wire: ["rules"],
    files: ["wire"],
    store: [],
    server: ["rules", "wire", "files", "store"],
    agent: ["wire", "files"],
  },
  mcuboot: {
    builds: [],
    flash: [],
    trailer: ["builds", "flash"],
    steps: ["builds", "flash", "trailer"],
    loader: ["builds", "flash", "trailer", "steps"],
    "net-core": ["builds", "flash", "trailer", "steps", "loader"],
    nsib: ["builds", "flash", "trailer", "steps", "loader", "net-core"],
    swap: ["builds", "flash", "trailer", "steps", "loader", "net-core", "nsib"],
    boot: ["builds", "flash", "trailer", "steps", "loader", "net-core", "nsib", "swap"],
    explain: ["builds", "flash", "trailer", "steps", "loader", "swap", "boot"],
    judge: ["builds", "flash", "trailer", "steps", "loader", "swap", "boot"],
    sweep: ["builds", "flash", "trailer", "steps", "loader", "swap", "boot"],
  },
  report: {
    ".": [],
    page: ["."],
    history: [".", "page"],
    results: [".", "page", "history"],
    live: [".", "page"],
  },
  power: {
    driver: [],
    cutter: ["driver"],
    network: ["driver"],
    programs: ["driver"],
    relays: ["driver"],
    ppk2: ["driver", "relays"],
  },
  smp: {
    packet: [],
    groups: ["packet"],
    transport: ["packet"],
    client: ["packet", "groups", "transport"],
    server: ["packet", "groups", "transport"],
    recovery: ["packet", "groups", "transport", "server"],
  },
};

const allRooms = [...Object.keys(ROOMS), "cli"];

/** Imports that leave a room: only to the rooms named, and only to their index. */
function boundary(room, allowed, { tests }) {
  return {
    files: tests ? [`src/${room}/**/*.test.ts`, `src/${room}/**/testing/**`] : [`src/${room}/**/*.ts`],
    rules: { "no-restricted-imports": ["error", { patterns: roomPatterns(room, allowed, { tests }) }] },
  };
}

/** Integration tests lie beside what they test and stand above all rooms: any room's index, and what is for tests in it. */
function integration(room) {
  return {
    files: [`src/${room}/**/integration/**`],
    rules: { "no-restricted-imports": ["error", { patterns: roomPatterns(room, allRooms, { tests: true }) }] },
  };
}

/** Suites that users copy into projects of their own. */
const copied = {
  files: ["hil-tests/**"],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [{ regex: "^\\.", message: "users copy hil-tests/: import what the package exports, mcuboot-hil/…" }],
      },
    ],
  },
};

function roomPatterns(room, allowed, { tests }) {
  const forbidden = allRooms.filter((other) => other !== room && !allowed.includes(other));
  // No look-ahead in these patterns: "not index", and in tests "not testing/" either, are spelled out.
  const past = tests ? "([^it]|i[^n]|in[^d]|t[^e]|te[^s]|tes[^t]).*" : "([^i]|i[^n]|in[^d]).*";
  return [
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
  ];
}

/** Imports between the folders of one room; tests may look into all of them. */
function innerBoundaries(room, rows) {
  const outer = ROOMS[room] === undefined ? [] : roomPatterns(room, ROOMS[room], { tests: false });
  return Object.entries(rows).flatMap(([folder, allowed]) => {
    const up = folder === "." ? "\\./" : "\\.\\./".repeat(folder.split("/").length);
    const forbidden = Object.keys(rows).filter(
      (other) => other !== folder && other !== "." && !allowed.includes(other),
    );
    const floor = allowed.includes(".") ? "index" : "[^/]+";
    const message = `src/${room}/${folder} may import: ${allowed.join(", ") || "nothing of its room"} (oxlint.config.mjs)`;
    const patterns = [
      ...(forbidden.length === 0 ? [] : [{ regex: `^${up}(${forbidden.join("|")})/[^/]+$`, message }]),
      ...(folder === "." ? [] : [{ regex: `^${up}${floor}\\.ts$`, message }]),
    ];
    const files = [folder === "." ? `src/${room}/*.ts` : `src/${room}/${folder}/*.ts`];
    const exempt = folder === "." ? [`src/${room}/index.ts`, `src/${room}/main.ts`] : [];
    const rules = { "no-restricted-imports": ["error", { patterns: [...outer, ...patterns] }] };
    return patterns.length === 0 ? [] : [{ files, excludeFiles: exempt, rules }];
  });
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
    ...Object.entries(INNER_ROOMS).flatMap(([room, rows]) => innerBoundaries(room, rows)),
    ...Object.entries(ROOMS).map(([room, allowed]) => boundary(room, allowed, { tests: true })),
    ...Object.keys(ROOMS).map(integration),
    copied,
    { files: ["src/cli/**/*.test.ts", "src/cli/testing/**"], rules: { "no-restricted-imports": "off" } },
    { files: ["src/**/*.ts"], rules: timeAndChance },
    { files: ["src/core/clock.ts", "src/core/virtual-clock.ts"], rules: { "no-restricted-globals": "off" } },
    { files: ["**/*.test.ts"], rules: { "eslint/max-lines-per-function": "off", "no-restricted-globals": "off" } },
  ],
};
