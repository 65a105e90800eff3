// Ask Lighthouse about each address on standard input; answer with a line of JSON for each.
// usage: node lighthouse.mjs CHROME mobile|desktop
import { createInterface } from "node:readline";
import { launch } from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";

const [chromePath, form] = process.argv.slice(2);
const chromeFlags = ["--headless=new", "--no-sandbox", "--disable-gpu"];
const chrome = await launch({ chromePath, chromeFlags, logLevel: "silent" });
const flags = {
  port: chrome.port,
  logLevel: "silent",
  output: "json",
  onlyCategories: ["performance", "accessibility", "best-practices", "seo"],
};
try {
  for await (const address of createInterface({ input: process.stdin })) {
    const run = await lighthouse(address, flags, form === "desktop" ? desktopConfig : undefined);
    const { categories, audits, runtimeError } = run.lhr;
    const scores = Object.entries(categories).map(([name, { score }]) => [name, Math.round(100 * score)]);
    const failed = Object.values(categories)
      .filter(({ id }) => id !== "performance")
      .flatMap(({ auditRefs }) => auditRefs)
      .filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 1)
      .map(({ id }) => id);
    console.log(JSON.stringify({ scores: Object.fromEntries(scores), failed, error: runtimeError?.message }));
  }
} finally {
  chrome.kill();
}
