// React-controlled fields: React owns the value and writes it back on every render, so an edit that React does not see
// is undone at once. What React holds is written to window.reactState, where a test can compare it with the field.

import { useState } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";

declare global {
  interface Window {
    reactState: { line: string; text: string; changes: number };
  }
}

window.reactState = { line: "", text: "", changes: 0 };

function Editors() {
  const [line, setLine] = useState("");
  const [text, setText] = useState("");
  window.reactState.line = line;
  window.reactState.text = text;
  const changed = () => {
    window.reactState.changes += 1;
  };
  return (
    <>
      <label>
        <span>Subject (input)</span>
        <input
          id="react-input"
          type="text"
          value={line}
          onChange={(event) => {
            changed();
            setLine(event.target.value);
          }}
        />
      </label>
      <label>
        <span>Message (textarea)</span>
        <textarea
          id="react-textarea"
          rows={4}
          value={text}
          onChange={(event) => {
            changed();
            setText(event.target.value);
          }}
        />
      </label>
    </>
  );
}

// At once, hence before the page has loaded: record.js takes what changes after that for somebody else's doing.
const root = document.getElementById("react-root");
if (root) flushSync(() => createRoot(root).render(<Editors />));
