import { render } from "preact";
import { PAGE_SCHEMA, type PageData } from "../src/report/page/run-page.ts";
import { App } from "./app.tsx";

const place = document.getElementById("page");
const block = document.getElementById("data");
if (place !== null && block !== null) {
  // A page carries its own code: only one that was put together by hand has data of another schema.
  const data = JSON.parse(block.textContent ?? "null") as PageData;
  const schema: number = data.schema;
  place.replaceChildren();
  if (schema === PAGE_SCHEMA) render(<App data={data} />, place);
  else place.textContent = `This page holds data of schema ${schema}; its code reads schema ${PAGE_SCHEMA}.`;
}
