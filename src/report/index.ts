export * from "./console.ts";
export * from "./format.ts";
export * from "./junit.ts";
export * from "./strip.ts";
export * from "./summary.ts";
export * from "./trace.ts";
