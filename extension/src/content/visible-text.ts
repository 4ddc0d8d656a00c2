// Pieces of an editor's content to the text that the reader sees. Pure. Follows what `innerText` does where it matters to
// a sentence: blocks are lines, a `<br>` that only keeps an empty block open makes no second line, white space collapses.

/** The start or the end of a block element; neighbours count once. */
export const BLOCK = Symbol("block");

/** A `<br>`. */
export const BREAK = Symbol("break");

export type Piece = string | typeof BLOCK | typeof BREAK;

export function visibleText(pieces: readonly Piece[], collapse: boolean): string {
  let text = "";
  let atBlockEdge = false;
  let afterBreak = false;
  for (const piece of pieces) {
    if (piece === BLOCK) {
      // A break before a block's edge already ended the line.
      if (!afterBreak) atBlockEdge = true;
      continue;
    }
    if (atBlockEdge && (piece === BREAK || piece !== "")) {
      text = newLine(text, collapse);
      atBlockEdge = false;
    }
    if (piece === BREAK) {
      text = newLine(text, collapse);
      afterBreak = true;
    } else if (piece !== "") {
      const drawn = collapse ? collapsed(piece, text) : plain(piece);
      text += drawn;
      if (drawn !== "") afterBreak = false;
    }
  }
  if (atBlockEdge) text = newLine(text, collapse);
  // Typing a space at the end of a line makes a no-break space in most editors; the model knows spaces.
  return text.replaceAll("\u00a0", " ");
}

/** Collapsed text has at most one space at its end, and none of it is drawn before a line break. */
function newLine(text: string, collapse: boolean): string {
  return `${collapse && text.endsWith(" ") ? text.slice(0, -1) : text}\n`;
}

function collapsed(piece: string, before: string): string {
  const single = plain(piece).replace(/[ \t\n\f]+/g, " ");
  const last = before.at(-1);
  return last === undefined || last === " " || last === "\n" ? single.replace(/^ /, "") : single;
}

/** Without the marks that editors put around the caret, and with one kind of line break. */
function plain(piece: string): string {
  return piece.replace(/[\u200b\u2060\ufeff]/g, "").replace(/\r\n?/g, "\n");
}
