// Messages to the engine page that do not go through a port: from the service worker, and from our own pages.

import { toWireError } from "../shared/errors";
import type { EngineMessages, PersonalView, Reply } from "../shared/messages";
import type { Epsilon } from "../shared/protocol";
import { record } from "../shared/unread";
import type { EngineHost } from "./engine-host";
import type { HandOver } from "./packs/hand-over";
import type { PhraseDesk } from "./phrases/phrase-desk";
import { phraseTask } from "./phrases/phrase-task";
import type { TelemetryBook } from "./telemetry/telemetry-book";

type Sender = Pick<chrome.runtime.MessageSender, "id" | "url" | "tab">;
type Handlers = {
  [K in keyof EngineMessages]: (raw: Record<string, unknown>) => Promise<EngineMessages[K]["response"]>;
};

export interface OwnParts {
  host: Pick<EngineHost, "preferenceChanged">;
  book: Pick<TelemetryBook, "view" | "export">;
  packs: Pick<HandOver, "view" | "take" | "drop">;
  personal: { refresh(): Promise<void>; view(): Promise<PersonalView> };
  phrases: Pick<PhraseDesk<unknown>, "do">;
  forget(): unknown;
}

/** The one for the engine page's `onMessage`. */
export function ownMessages(parts: OwnParts, ownId: string, ownOrigin: string) {
  const handlers: Handlers = {
    engineAlive: async () => ({}),
    backendPreference: async () => {
      parts.host.preferenceChanged();
      return {};
    },
    telemetry: async () => ({ view: await parts.book.view() }),
    exportTelemetry: async ({ epsilon }) => ({ export: await parts.book.export(epsilon as Epsilon) }),
    packs: async () => ({ view: await parts.packs.view() }),
    takePack: async ({ version }) => {
      if (typeof version === "number") await parts.packs.take(version);
      else await parts.packs.drop();
      return {};
    },
    personalChanged: async () => {
      await parts.personal.refresh();
      return {};
    },
    personal: async () => ({ view: await parts.personal.view() }),
    phrases: async ({ task }) => parts.phrases.do(phraseTask(task)),
    forget: async () => {
      await parts.forget();
      return {};
    },
  };
  return (message: unknown, sender: Sender, respond: (reply: Reply<object>) => void): boolean => {
    const raw = record(message);
    const isOwnPage = sender.url?.startsWith(ownOrigin) === true;
    if (sender.id !== ownId || (sender.tab !== undefined && !isOwnPage)) return false;
    if (typeof raw.type !== "string" || !Object.hasOwn(handlers, raw.type)) return false;
    handlers[raw.type as keyof EngineMessages](raw).then(
      (value) => respond({ ok: true, value }),
      (error) => respond({ ok: false, error: toWireError(error, "The engine page could not do that.") }),
    );
    return true;
  };
}
