import assert from "node:assert/strict";
import { test } from "node:test";
import { bindingTaken, defaultSettings, parseSettings } from "../src/shared/settings";
import { excludePattern, grantPattern, grantsAllSites, siteKind, webOrigin, webPatterns } from "../src/shared/sites";

const defaults = defaultSettings(false);

test("nothing stored gives the defaults", () => {
  for (const raw of [undefined, null, 3, "x", []]) assert.deepEqual(parseSettings(raw, false), defaults);
});

test("each damaged field falls back alone", () => {
  const parsed = parseSettings({ enabled: "yes", offSites: 4, keys: null, backend: "gpu", announce: 1 }, false);
  assert.deepEqual(parsed, defaults);
  assert.equal(parseSettings({ enabled: false, backend: "cpu" }, false).enabled, false);
});

test("off sites are origins, once each", () => {
  const raw = {
    offSites: ["https://a.example", "https://a.example", "https://b.example/path", "file:///x", 7, "nonsense"],
  };
  assert.deepEqual(parseSettings(raw, false).offSites, ["https://a.example"]);
});

test("keys that clash or type text give the defaults", () => {
  assert.deepEqual(parseSettings({ keys: { acceptAll: "A" } }, false).keys, defaults.keys);
  assert.deepEqual(parseSettings({ keys: { acceptAll: "Escape" } }, false).keys, defaults.keys);
  assert.equal(parseSettings({ keys: { acceptAll: "F2" } }, false).keys.acceptAll, "F2");
});

test("a binding is free or taken", () => {
  assert.equal(bindingTaken(defaults.keys, "acceptAll", "Escape"), true);
  assert.equal(bindingTaken(defaults.keys, "acceptAll", "Tab"), false);
});

test("pages are told apart by what can be done on them", () => {
  assert.equal(siteKind("https://mail.example/inbox"), "web");
  assert.equal(siteKind("http://localhost:8080/"), "web");
  assert.equal(siteKind("https://docs.google.com/document/d/1"), "canvasEditor");
  assert.equal(siteKind("https://word-edit.officeapps.live.com/we/"), "canvasEditor");
  for (const closed of [
    undefined,
    "",
    "chrome://settings",
    "about:blank",
    "file:///x",
    "https://chromewebstore.google.com/",
  ]) {
    assert.equal(siteKind(closed), "closed", closed);
  }
});

test("origins become patterns", () => {
  assert.equal(webOrigin("https://a.example:8443/x?y"), "https://a.example:8443");
  assert.equal(grantPattern("https://a.example:8443"), "https://a.example/*");
  assert.equal(excludePattern("https://a.example:8443"), "https://a.example:8443/*");
  assert.equal(grantsAllSites(["https://*/*"]), false);
  assert.equal(grantsAllSites(["https://*/*", "http://*/*"]), true);
  assert.deepEqual(webPatterns(["https://a.example/*", "file:///*", "chrome://favicon/*"]), ["https://a.example/*"]);
});
