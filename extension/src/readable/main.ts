// Injected into a page when the user asks to chat about it, and at no other time. Works on a copy of the document: what
// Readability takes apart is not the page.

import { Readability } from "@mozilla/readability";
import type { ReadPage } from "../shared/page-reader";
import { MAX_SUMMARIZE_UTF16 } from "../shared/protocol";
import { cutText } from "../shared/selection";

/** A title beyond this is no title. */
const MAX_TITLE_UTF16 = 300;

globalThis.sottoReadPage = (): ReadPage => {
  const copy = document.cloneNode(true) as Document;
  // What somebody types is not what the page says, and may be secret.
  for (const field of copy.querySelectorAll("input, textarea, select, sotto-card, sotto-ghost")) field.remove();
  const article = new Readability(copy).parse();
  const title = cutText((article?.title || document.title).trim(), MAX_TITLE_UTF16);
  const whole = tidy(article?.textContent || withoutFields());
  const text = cutText(whole, MAX_SUMMARIZE_UTF16 - title.length);
  return { title, text, isCut: text.length < whole.length };
};

/** The text that a page without an article shows. `innerText` holds no value of an input, but of editable elements. */
function withoutFields(): string {
  const parts: string[] = [];
  const walker = document.createTreeWalker(document.body ?? document, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, {
    acceptNode: (node) => {
      if (node.nodeType === Node.TEXT_NODE) return NodeFilter.FILTER_ACCEPT;
      const isUnseen = node instanceof HTMLElement && (node.isContentEditable || !node.checkVisibility());
      const isNoText = node instanceof Element && node.matches("script, style, noscript, template, textarea, select");
      return isUnseen || isNoText ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP;
    },
  });
  for (let node = walker.nextNode(); node; node = walker.nextNode()) parts.push(node.nodeValue ?? "");
  return parts.join("\n");
}

function tidy(text: string): string {
  return text
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n[\s]*\n[\s]*/g, "\n\n")
    .trim();
}
