// The page of a checkout without a build, and the npm files that its CDN addresses name.

import { readFile } from "node:fs/promises";

const PAGE = new URL("../../gateway/web/explorer/cdn.html", import.meta.url);
const PACKAGES = new URL("node_modules/", import.meta.url);
const CDN = /^https:\/\/cdn\.jsdelivr\.net\/npm\/(?<name>[^@/]+)@(?<version>[^/]+)\/(?<path>.+)$/;

/** Package, version and path of a CDN address; null for any other address. */
export function onCdn(url) {
  const found = CDN.exec(url);
  return found && { ...found.groups };
}

/** The installed file that the CDN serves. */
export function installed({ name, path }) {
  return readFile(new URL(`${name}/${path}`, PACKAGES));
}

/** Every script and stylesheet that the page loads: its address and its attributes. */
export async function references() {
  const html = await readFile(PAGE, "utf8");
  const tags = html.match(/<(?:script|link)\b[^>]*>/g) ?? [];
  return tags
    .map((tag) => Object.fromEntries([...tag.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, name, value]) => [name, value])))
    .map(({ src, href, ...attributes }) => ({ url: src ?? href, ...attributes }))
    .filter(({ url }) => url !== undefined && !url.startsWith("data:"));
}
