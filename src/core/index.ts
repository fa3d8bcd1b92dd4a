export { abortable, whenAborted } from "./abortable.ts";
export { concat, equalBytes, fromHex, hex, hexOf, roundUp, textOf, utf8, viewOf } from "./bytes.ts";
export { Cleanup } from "./cleanup.ts";
export { type Clock, RealClock, sleep, sleepUntil, UNNOTICED, wallTime } from "./clock.ts";
export { columns } from "./columns.ts";
export { defined } from "./defined.ts";
export { diskError, freeBytesOf } from "./disk.ts";
export {
  BenchError,
  ConfigurationError,
  type ErrorKind,
  EXIT,
  type ExitCode,
  HilError,
  hasCode,
  ImageError,
  InterruptedError,
  isHilError,
  isKind,
  isTimeout,
  messageOf,
  ProtocolError,
  TimeoutError,
  UsageError,
  unreachable,
  whyUnreadable,
} from "./errors.ts";
export { entryAt, isBelow, makeFolder } from "./folder.ts";
export {
  type ConfigFile,
  loadYaml,
  parseValue,
  parseYaml,
  resolveFrom,
  type YamlDialect,
} from "./foreign/config-file.ts";
export { type FieldPath } from "./foreign/config-problems.ts";
export {
  EVENT_CHARS_MAX,
  eachLine,
  INPUT_BYTES_MAX,
  linesOf,
  readHead,
  readInput,
  readInputText,
} from "./foreign/input-file.ts";
export { jsonIn, parseJson } from "./foreign/json.ts";
export { compilePattern, type Pattern, patternFault } from "./foreign/pattern.ts";
export { PatternStream } from "./foreign/pattern-stream.ts";
export { makeAnew, replaceFileAt } from "./foreign/replace-file.ts";
export { replacedYaml, rewriteYaml } from "./foreign/rewrite-yaml.ts";
export { complaintText, type LineControl, terminalText } from "./foreign/terminal-text.ts";
export { lastWords } from "./host/last-words.ts";
export { bootId, isRunning, processStart } from "./host/process-life.ts";
export { ScratchFolder } from "./host/scratch-folder.ts";
export { type GapWatch } from "./host-gaps.ts";
export { Listeners } from "./listeners.ts";
export { LruCache } from "./lru-cache.ts";
export { Queue } from "./queue.ts";
export { Random } from "./random.ts";
export { namesToChoose, nearest, nearestInFolders } from "./suggest.ts";
export { VirtualClock } from "./virtual-clock.ts";
export { within } from "./within.ts";
