// Sites: origins, the match patterns that the permission API takes, and the pages that Sotto cannot work on.

export const ALL_SITES: readonly string[] = ["http://*/*", "https://*/*"];

/**
 * Sites whose editors draw their own text (canvas) and keep none in the DOM. The script stays idle there, and
 * button and popup say so, instead of a ghost that appears at the wrong place.
 */
const CANVAS_EDITOR_HOSTS: readonly string[] = ["docs.google.com"];
const CANVAS_EDITOR_SUFFIXES: readonly string[] = [".officeapps.live.com"];

/** Match patterns of the same sites, for `excludeMatches`. */
export const CANVAS_EDITOR_PATTERNS: readonly string[] = ["*://docs.google.com/*", "*://*.officeapps.live.com/*"];

/** The extension gallery refuses scripts of any extension. */
const CLOSED_HOSTS: readonly string[] = ["chromewebstore.google.com", "chrome.google.com", "addons.mozilla.org"];

export type SiteKind = "web" | "canvasEditor" | "closed";

/** What can be done on a page with this address. */
export function siteKind(address: string | undefined): SiteKind {
  const origin = webOrigin(address);
  if (!origin) return "closed";
  const { hostname } = new URL(origin);
  if (CLOSED_HOSTS.includes(hostname)) return "closed";
  const canvas =
    CANVAS_EDITOR_HOSTS.includes(hostname) || CANVAS_EDITOR_SUFFIXES.some((suffix) => hostname.endsWith(suffix));
  return canvas ? "canvasEditor" : "web";
}

/** Origin of an http(s) address, or undefined for every other one. */
export function webOrigin(address: string | undefined): string | undefined {
  if (!address) return undefined;
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? url.origin : undefined;
  } catch {
    return undefined;
  }
}

/** The permission for one site. Permissions have no port: a host is granted with all its ports. */
export function grantPattern(origin: string): string {
  const url = new URL(origin);
  return `${url.protocol}//${url.hostname}/*`;
}

/** The pattern that keeps the script out of one origin, port included. */
export function excludePattern(origin: string): string {
  return `${origin}/*`;
}

/** The host of an origin, as people know a site. */
export function siteName(origin: string): string {
  return new URL(origin).host;
}

/** Whether these granted patterns mean every site. */
export function grantsAllSites(patterns: readonly string[]): boolean {
  return (
    patterns.includes("<all_urls>") || patterns.includes("*://*/*") || ALL_SITES.every((all) => patterns.includes(all))
  );
}

/** Only http(s) patterns; the permission API also lists others that an install may carry. */
export function webPatterns(patterns: readonly string[]): string[] {
  return patterns.filter((pattern) => /^(\*|https?):\/\//.test(pattern) || pattern === "<all_urls>");
}
