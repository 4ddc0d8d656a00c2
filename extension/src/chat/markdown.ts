// Markdown of an answer as DOM. What a model writes is not trusted: HTML in it is shown as text, images become their
// description, links lead to http, https and mail only and open in a new tab, and DOMPurify has the last word.

import createDOMPurify, { type WindowLike } from "dompurify";
import { Marked } from "marked";

const TAGS = "p br hr strong em del code pre blockquote ul ol li h1 h2 h3 h4 h5 h6 a table thead tbody tr th td".split(
  " ",
);

const LINKS = /^(?:https?|mailto):/i;

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** A renderer for the documents of this window. */
export function makeMarkdown(view: WindowLike): (text: string) => DocumentFragment {
  const marked = new Marked({
    async: false,
    gfm: true,
    breaks: true,
    renderer: {
      html: ({ text }) => escapeHtml(text),
      image: ({ text }) => escapeHtml(text),
      // A task list's box would be a control that does nothing.
      checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    },
  });
  const purify = createDOMPurify(view);
  purify.addHook("afterSanitizeAttributes", (node) => {
    if (node.nodeName !== "A" || !node.hasAttribute("href")) return;
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  });
  return (text) =>
    purify.sanitize(marked.parse(text, { async: false }), {
      ALLOWED_TAGS: TAGS,
      ALLOWED_ATTR: ["href", "start"],
      ALLOWED_URI_REGEXP: LINKS,
      ALLOW_DATA_ATTR: false,
      ALLOW_ARIA_ATTR: false,
      RETURN_DOM_FRAGMENT: true,
    });
}
