import { expect, test } from "@jest/globals";
import { fromHex, hex } from "../../core/index.ts";
import { classId, vendorId } from "./uuid.ts";

test("a vendor's name becomes a version 5 UUID under the DNS namespace, as in RFC 9562 A.4", () => {
  expect(hex(vendorId("www.example.com"))).toBe("2ed6657de927568b95e12665a8aea6a2");
});

test.each(["12345678-1234-5678-1234-567812345678", "12345678123456781234567812345678"])(
  "%s is taken as the UUID it is",
  (text) => {
    expect(hex(vendorId(text))).toBe("12345678123456781234567812345678");
  },
);

test.each([
  "{12345678-1234-5678-1234-567812345678}",
  "12345678-1234-5678-1234567812345678",
  "12345678-12345678-1234-567812345678",
  "12345678-1234-5678-1234-567812345678 ",
  "1234567812345678123456781234567g",
])("%s is a name, as imgtool 2.5.0 reads it", (text) => {
  expect((vendorId(text)[6] ?? 0) >> 4).toBe(5);
  expect(hex(vendorId(text))).not.toContain("567812345678");
});

test("a class name depends on its vendor", () => {
  const one = classId("app", vendorId("a.example"));
  expect(hex(one)).not.toBe(hex(classId("app", vendorId("b.example"))));
});

test("a class name without a vendor is refused; a class UUID is not", () => {
  expect(() => classId("app", undefined)).toThrow(/Unknown namespace/);
  expect(classId("12345678-1234-5678-1234-567812345678", undefined)).toEqual(
    fromHex("12345678123456781234567812345678"),
  );
});

test("text with control characters is no name", () => {
  expect(() => vendorId("a\tb")).toThrow(/Unknown UUID format/);
});
