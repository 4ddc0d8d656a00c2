// What readable.js offers: the readable text of a page, for a chat about it.

import type { PageText } from "./protocol";

declare global {
  /** Set by readable.js, in the extension's own world of a page. */
  var sottoReadPage: (() => ReadPage) | undefined;
}

export interface ReadPage extends PageText {
  /** The text was longer than is read, and only its beginning is here. */
  isCut: boolean;
}
