export { decoded, isText, readList } from "./evidence/foreign-text.ts";
