// A small controlled editor: cancels every beforeinput it understands and renders the text from its own state.
// What it holds is in window.editorState, with the steps that undo goes through.

(() => {
  const field = document.getElementById("field");
  const state = { text: "", caret: 0, undo: [], types: [] };
  window.editorState = state;

  const render = () => {
    field.textContent = state.text;
    const range = document.createRange();
    if (field.firstChild) range.setStart(field.firstChild, state.caret);
    else range.setStart(field, 0);
    const selection = document.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };
  const insert = (text) => {
    state.undo.push({ text: state.text, caret: state.caret });
    state.text = state.text.slice(0, state.caret) + text + state.text.slice(state.caret);
    state.caret += text.length;
  };
  const caretOf = () => {
    const selection = document.getSelection();
    if (!selection.focusNode || !field.contains(selection.focusNode)) return state.caret;
    return selection.focusNode === field
      ? selection.focusOffset === 0
        ? 0
        : state.text.length
      : selection.focusOffset;
  };

  field.addEventListener("beforeinput", (event) => {
    state.types.push({ type: event.inputType, data: event.data, trusted: event.isTrusted });
    state.caret = caretOf();
    if (event.inputType === "insertText" || event.inputType === "insertReplacementText") {
      event.preventDefault();
      insert(event.data ?? event.dataTransfer?.getData("text/plain") ?? "");
    } else if (event.inputType === "insertLineBreak" || event.inputType === "insertParagraph") {
      event.preventDefault();
      insert("\n");
    } else if (event.inputType === "deleteContentBackward") {
      event.preventDefault();
      if (state.caret > 0) {
        state.undo.push({ text: state.text, caret: state.caret });
        state.text = state.text.slice(0, state.caret - 1) + state.text.slice(state.caret);
        state.caret -= 1;
      }
    } else {
      event.preventDefault();
    }
    render();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      const last = state.undo.pop();
      if (last) Object.assign(state, last);
      render();
    }
  });
})();
