import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { makeMarkdown } from "../src/chat/markdown";

const { window } = new JSDOM("<!doctype html>");
const render = makeMarkdown(window);

function html(markdown: string): { root: Element; text: string; html: string } {
  const root = window.document.createElement("div");
  root.append(render(markdown));
  return { root, text: root.textContent ?? "", html: root.innerHTML };
}

test("markdown becomes elements", () => {
  const { root } = html("# Title\n\n**bold** and `code`\n\n1. one\n2. two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n");
  for (const tag of ["h1", "strong", "code", "ol", "li", "table", "td"]) assert.ok(root.querySelector(tag), tag);
});

test("HTML is shown as text, never run", () => {
  for (const attack of [
    "<script>window.hit = 1</script>",
    '<img src=x onerror="window.hit = 1">',
    "<svg onload=window.hit=1>",
    '<iframe src="https://evil.example"></iframe>',
    '<a href="javascript:window.hit=1">x</a>',
    "<style>body{display:none}</style>",
    '<form action="https://evil.example"><input name=x></form>',
    "<math><mtext><table><mglyph><style><img src=x onerror=window.hit=1>",
    "text <b onclick=window.hit=1>inline</b>",
  ]) {
    const { root, text } = html(attack);
    assert.equal(root.querySelectorAll("script,img,svg,iframe,style,form,input,math,b,a").length, 0, attack);
    for (const element of root.querySelectorAll("*")) {
      for (const name of element.getAttributeNames()) assert.ok(["href", "start"].includes(name), `${attack}: ${name}`);
    }
    assert.ok(text.includes("<"), `${attack} can be read`);
  }
  assert.equal((window as unknown as { hit?: number }).hit, undefined);
});

test("images load nothing: their description stays", () => {
  for (const image of ["![a cat](https://evil.example/track.png)", "![a cat](data:image/png;base64,AAAA)"]) {
    const { root, text } = html(image);
    assert.equal(root.querySelectorAll("img").length, 0);
    assert.match(text, /a cat/);
    assert.doesNotMatch(root.innerHTML, /evil|data:/);
  }
});

test("links lead to the web or to mail, in a new tab without an opener", () => {
  const { root } = html("[site](https://a.example/x) <mailto:b@a.example> https://c.example");
  const links = [...root.querySelectorAll("a")];
  assert.deepEqual(
    links.map((link) => link.getAttribute("href")),
    ["https://a.example/x", "mailto:b@a.example", "https://c.example"],
  );
  for (const link of links) {
    assert.equal(link.getAttribute("target"), "_blank");
    assert.match(link.getAttribute("rel") ?? "", /noopener/);
  }
});

test("other addresses are no links", () => {
  for (const address of [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "&#106;avascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "chrome-extension://abc/options.html",
    "//evil.example",
    "blob:https://a.example/1",
  ]) {
    const { root } = html(`[click](${address})\n\n[ref]\n\n[ref]: ${address}`);
    assert.equal(root.querySelectorAll("a[href]").length, 0, address);
  }
});

test("an unfinished answer renders at every length", () => {
  const whole = "## Plan\n\n- **one** [link](https://a.example)\n- `two`\n\n```js\nlet x = 1 < 2;\n```\n\n> quote\n";
  for (let length = 0; length <= whole.length; length += 1) assert.doesNotThrow(() => render(whole.slice(0, length)));
});
