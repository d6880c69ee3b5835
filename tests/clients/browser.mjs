// Debian's Chromium, with no way to any host but this machine, and pages in it that remember what went wrong.

import { chromium } from "playwright-core";

const ARGUMENTS = [
  "--no-sandbox", // Chromium's own sandbox refuses to start for root
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });
}

/** A first visit to `url`; requests to other hosts are listed, and go to `elsewhere`. */
export async function visit(browser, url, { elsewhere = (route) => route.abort(), ...options } = {}) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 }, ...options });
  const complaints = [];
  const others = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const { protocol, origin, href } = new URL(request.url());
    if (protocol !== "data:" && origin !== new URL(url).origin) others.push(href);
  });
  await page.route((address) => address.origin !== new URL(url).origin, elsewhere);
  const response = await page.goto(url);
  return { page, complaints, others, headers: response.headers() };
}

/** Presses the run button; what was sent, and what came back. */
export async function run(page) {
  const [response] = await Promise.all([
    page.waitForResponse((answer) => answer.request().method() === "POST" && !answer.request().postData().includes("__schema")),
    page.locator(".graphiql-execute-button").click(),
  ]);
  const request = response.request();
  return { sent: request.postDataJSON(), headers: await request.allHeaders(), answer: await response.json() };
}
