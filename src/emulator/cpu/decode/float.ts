import type { Row } from "./row.ts";

export const FLOAT: readonly Row[] = [];
