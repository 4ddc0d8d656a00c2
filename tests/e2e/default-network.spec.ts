// With default settings nothing leaves the device: all three uses, with the browser and the host watched. The browser sends
// everything that is not local to the guard; the host runs in a network namespace of its own, whose counters of the kernel
// know every packet and every attempt.

import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "./fixtures";
import { cardOf } from "./lib/card.mjs";
import { Chat } from "./lib/chat";
import { startEndpoint } from "./lib/endpoint.mjs";
import { HOST_BINARY, hasRealHost, installOwnHost } from "./lib/host.mjs";
import { selectIn } from "./lib/select";

const FIRST_MS = 60_000;

const canIsolate = spawnSync("unshare", ["--map-root-user", "--net", "--", "true"]).status === 0;

test.skip(!hasRealHost(), `no host at ${HOST_BINARY}: run scripts/build-host`);
test.skip(!canIsolate, "network namespaces cannot be made here: the host cannot be watched");

/** Counters of a namespace that an attempt to send moves, whether it gets through or not. */
function attempts(snmp: string): number {
  const lines = snmp.trim().split("\n");
  const value = (protocol: string, name: string) => {
    const [names, values] = lines.filter((line) => line.startsWith(`${protocol}: `)).map((line) => line.split(" "));
    return Number(values?.[names?.indexOf(name) ?? -1] ?? Number.NaN);
  };
  return (
    value("Ip", "OutRequests") + value("Ip", "OutNoRoutes") + value("Tcp", "ActiveOpens") + value("Udp", "OutDatagrams")
  );
}

/** Processes of hosts that the browser of this test started. */
function hosts(profile: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
        return (
          environment.includes(`SOTTO_HOME=${profile}`) && readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("sotto")
        );
      } catch {
        return false;
      }
    });
}

test("the counters see what tries to leave", () => {
  const connect =
    "try { await fetch('http://192.0.2.1:8080/') } catch {}; console.log(require('fs').readFileSync('/proc/net/snmp', 'utf8'))";
  const script = `(async () => { ${connect} })()`;
  const snmp = execFileSync("unshare", ["--map-root-user", "--net", "--", process.execPath, "-e", script], {
    encoding: "utf8",
  });
  expect(attempts(snmp)).toBeGreaterThan(0);
});

for (const isConfigured of [false, true]) {
  test(`all three uses send nothing${isConfigured ? ", with an endpoint set up that nobody switched on" : ""}`, async ({
    launch,
    open,
    field,
    prompt,
  }) => {
    const endpoint = await startEndpoint();
    const sotto = await launch({
      prepare: (profile) =>
        installOwnHost(profile, { isolated: true, endpoint: isConfigured ? endpoint.url : undefined }),
    });
    const page = await open("/textarea.html", { sotto });
    const typed = field(page, {}, sotto);
    await typed.replace(prompt.text);
    await typed.ghost(FIRST_MS);
    await page.keyboard.press("Tab");

    const article = await open("/article.html", { sotto });
    const card = await cardOf(article);
    await selectIn(article.mainFrame(), "#article");
    await sotto.summarize(article);
    await expect.poll(() => card.text("summary"), { timeout: FIRST_MS }).toContain("Host on this device");

    const chat = await Chat.open(sotto);
    await chat.send("What is the capital of France?");
    await expect((await chat.done(FIRST_MS)).locator(".badge")).toContainText("Host on this device");
    await expect(chat.page.locator(".cloud")).toBeHidden();

    const running = hosts(sotto.profile);
    expect(running.length, "the broker and its worker run").toBeGreaterThan(1);
    for (const pid of running) expect(attempts(readFileSync(`/proc/${pid}/net/snmp`, "utf8"))).toBe(0);
    expect(endpoint.connections()).toBe(0);
    expect(sotto.guard?.seen).toEqual([]);
    await sotto.context.close();
    await endpoint.close();
  });
}
