// Loaded first by every test page: writes down what happens to the page, so that a test can show that nothing did.
//
// `window.record.mutations` holds every change of the document. What changes between a trusted `beforeinput` and its
// `input` belongs to typing; the rest is "other" and must be empty, except for what the page does itself. `window.record.inputs` holds the input events, trusted or not.

(() => {
  const record = { mutations: [], inputs: [], errors: [] };
  window.record = record;

  const describe = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return "#text";
    if (node.nodeType === Node.DOCUMENT_NODE) return "#document";
    const name = node.nodeName.toLowerCase();
    return node.id ? `${name}#${node.id}` : name;
  };
  /** A trusted `beforeinput` has come, and its `input` has not. Nodes that typing removes are in no editor any more. */
  let typing = false;
  const write = (entries) => {
    for (const entry of entries) {
      record.mutations.push({
        cause: typing ? "typing" : "other",
        type: entry.type,
        target: describe(entry.target),
        attribute: entry.attributeName,
        added: [...entry.addedNodes].map(describe),
        removed: [...entry.removedNodes].map(describe),
      });
    }
  };

  const observer = new MutationObserver(write);
  const options = { subtree: true, childList: true, attributes: true, characterData: true };
  const start = () => {
    record.mutations.length = 0;
    observer.takeRecords();
    observer.observe(document, options);
    // Open shadow roots of the page are part of the page.
    for (const element of document.querySelectorAll("*")) {
      if (element.shadowRoot) observer.observe(element.shadowRoot, options);
    }
    record.started = true;
  };
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);

  /** What has changed so far belongs to the time before. */
  const setTyping = (now) => {
    write(observer.takeRecords());
    typing = now;
  };
  window.addEventListener("beforeinput", (event) => setTyping(event.isTrusted), true);
  // An editor that draws for itself cancels the event, and no `input` follows.
  window.addEventListener("beforeinput", (event) => event.defaultPrevented && setTyping(false));
  window.addEventListener("keydown", () => setTyping(false), true);
  window.addEventListener(
    "input",
    (event) => {
      setTyping(false);
      record.inputs.push({ type: event.inputType, trusted: event.isTrusted, target: describe(event.target) });
    },
    true,
  );
  window.addEventListener("error", (event) => record.errors.push(String(event.message)));
  window.addEventListener("unhandledrejection", (event) => record.errors.push(String(event.reason)));
})();
