import { render } from "preact";
import { PAGE_SCHEMA, type PageBlock } from "../src/report/page/page-block.ts";
import { App } from "./app.tsx";
import { unpacked } from "./unpack.ts";

const place = document.getElementById("page");
const block = document.getElementById("data");
if (place !== null && block !== null) {
  // A page carries its own code: only one that was put together by hand has data of another schema.
  const data = JSON.parse(block.textContent ?? "null") as PageBlock;
  const schema: number = data.schema;
  if (schema !== PAGE_SCHEMA)
    place.textContent = `This page holds data of schema ${schema}; its code reads ${PAGE_SCHEMA}.`;
  else if (typeof DecompressionStream === "undefined")
    place.textContent = "This page wants a browser of 2023 or later.";
  else {
    void unpacked(data).then((page) => {
      place.replaceChildren();
      render(<App data={page} />, place);
    });
  }
}
