import { describe, expect, test } from "@jest/globals";
import { jsonIn } from "../../core/index.ts";
import { digestAuthorization, digestChallenge } from "./http-digest.ts";
import { fieldAt } from "./json-field.ts";

const RFC7616 =
  'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, ' +
  'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
const CLIENT = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

describe("digest authentication", () => {
  test.each([
    [RFC7616, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"],
    [RFC7616.replace("SHA-256", "MD5"), "8ca523f5e9506fed4657c9700eebdbec"],
  ])("answers the challenge of RFC 7616, 3.9.1: %s", (header, response) => {
    const challenge = digestChallenge(header);
    if (!challenge) throw new Error("no challenge");
    const login = { user: "Mufasa", password: "Circle of Life" };
    const use = { method: "GET", uri: "/dir/index.html", count: 1, clientNonce: CLIENT };
    const answer = digestAuthorization(challenge, login, use);
    expect(answer).toContain(`response="${response}"`);
    expect(answer).toContain('nc=00000001, cnonce="f2/');
    expect(answer).toContain('opaque="FQhe/');
    expect(answer).not.toContain("Circle");
  });

  test("answers a server of the old kind without a client nonce", () => {
    const challenge = digestChallenge('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"');
    if (!challenge) throw new Error("no challenge");
    const login = { user: "Mufasa", password: "CircleOfLife" };
    const answer = digestAuthorization(challenge, login, { method: "GET", uri: "/dir", count: 1, clientNonce: "x" });
    expect(challenge.qop).toBe(false);
    expect(answer).not.toContain("cnonce");
  });

  test.each([
    'Digest realm="a", nonce="1", algorithm=SHA-512-256, qop="auth", opaque="o", Digest realm="b", nonce="2"',
    'Digest realm="a", nonce="1", qop="auth-int", Digest realm="b", nonce="2"',
    'Basic realm="Digest realm=a", Digest realm="b", nonce="2"',
    'Digest realm="b", nonce="2", Digest realm="a", nonce="1", qop="auth", opaque="o"',
    'Digest realm="b", nonce="2", Bearer realm="a", algorithm=none',
  ])("takes the one challenge that it can answer, and only its fields: %s", (header) => {
    expect(digestChallenge(header)).toEqual({ realm: "b", nonce: "2", algorithm: "MD5", qop: false });
  });

  test.each([
    "Basic realm=x",
    'Digest realm="a"',
    'Digest realm="a", nonce="b", algorithm=SHA-512-256',
    'Digest realm="a", nonce="b", qop="auth-int"',
  ])("does not answer %s", (header) => {
    expect(digestChallenge(header)).toBeUndefined();
  });
});

describe("a field of a JSON text", () => {
  test.each([
    ['{"a":{"b":[1,true]}}', "a.b.1", true],
    ["[true]", "0", true],
    ['"text"', "", "text"],
    ['{"a":null}', "a.b", undefined],
    ['{"a":1}', "toString", undefined],
    ["no json", "a", undefined],
  ])("%s at %j is %j", (text, path, value) => {
    expect(fieldAt(jsonIn(text), path)).toEqual(value);
  });
});
