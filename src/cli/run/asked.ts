import type { RunRequest } from "../../campaign/index.ts";

/** What a command asks for; the rest of a request is the same for all. */
export type RunAsked = Omit<RunRequest, "runsRoot" | "version" | "signal" | "onEvent" | "onFolder">;
