// What our pages ask about phrases, checked: every page of the extension can send to the engine page.

import { SottoError, wireError } from "../../shared/errors";
import type { PhraseTask } from "../../shared/messages";
import { webOrigin } from "../../shared/sites";
import { isId, record } from "../../shared/unread";

const MAX_QUERY_UTF16 = 1_000;

/** The task, within its limits. Throws `SottoError` for everything else. */
export function phraseTask(value: unknown): PhraseTask {
  const { type, site, isNamed, query, after, number } = record(value);
  switch (type) {
    case "status":
    case "eraseAll":
      return { type };
    case "setSite":
      if (typeof site === "string" && webOrigin(site) === site && typeof isNamed === "boolean") {
        return { type, site, isNamed };
      }
      break;
    case "search":
      if (typeof query === "string" && query.length <= MAX_QUERY_UTF16 && (after === null || isId(after))) {
        return { type, query, after };
      }
      break;
    case "erase":
      if (isId(number)) return { type, number };
      break;
  }
  throw new SottoError(wireError("badRequest", "Unknown task about phrases."));
}
