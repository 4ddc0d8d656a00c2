// Listens to the page (window, capture phase, nothing on the fields themselves) and hands each event to the session of
// the focused field. **The keys are taken only while a suggestion is on screen and still true**; in every other case,
// and for every event that a script of the page made, the event passes untouched.

import { actionOf, type KeyBindings } from "../shared/key-bindings";
import type { Inspection, InspectionReason } from "../shared/messages";
import { MAX_KEPT_UTF16, type SuggestionSource } from "../shared/protocol";
import { EditorChanges } from "./editor-changes";
import { EngineClient } from "./engine-client";
import { FieldContext } from "./field-context";
import { deepActiveElement, type EditableField, fieldOf, fieldOfEvent } from "./fields";
import { Ghost } from "./ghost";
import { KeptWriting } from "./kept-writing";
import { Metrics } from "./metrics";
import type { PasswordMemory } from "./password-memory";
import { type Change, Session, type SessionParts } from "./session";
import { readEnd, textReads } from "./text-window";

export interface ControllerOptions {
  keys: KeyBindings;
  announce: boolean;
  /** The focus goes into a frame that may be without this script. */
  frameFocused?: (() => void) | undefined;
}

/** The key code of a key that an input method is working on. */
const IME_KEY_CODE = 229;

export class Controller {
  #options: ControllerOptions;
  readonly #abort = new AbortController();
  readonly #ghost = new Ghost();
  readonly #metrics = new Metrics();
  readonly #client: EngineClient;
  readonly #kept = new KeptWriting((text, field) => this.#client.wrote(text, field));
  readonly #onOrphaned: () => void;
  readonly #passwords: PasswordMemory;
  readonly #contexts = new WeakMap<Element, FieldContext>();
  readonly #roots = new WeakSet<ShadowRoot>();
  readonly #editorChanges = new EditorChanges((inputType, atMs) =>
    this.#metrics.work(() => this.#session?.settled(changeOf(inputType), atMs)),
  );
  #session: Session | undefined;
  #reason: InspectionReason | null = null;
  #source: SuggestionSource | null = null;
  #composing = false;
  #swallowKeyUp: string | undefined;

  /** `onOrphaned` is called when the extension was reloaded or removed under this script. */
  constructor(options: ControllerOptions, passwords: PasswordMemory, onOrphaned: () => void) {
    this.#options = options;
    this.#passwords = passwords;
    passwords.onFlip = (element) => this.#passwordFound(element);
    this.#onOrphaned = onOrphaned;
    this.#client = new EngineClient(onOrphaned, (keeps) => this.#kept.setKeeps(keeps));
    this.#listen();
    // The focus may have been there before this script.
    const active = deepActiveElement();
    if (active && document.hasFocus()) this.#focused(active);
  }

  /** Text was typed into the field in focus before this could listen. */
  catchUp(): void {
    this.#session?.changed("typed", performance.now());
  }

  configure(options: ControllerOptions): void {
    this.#options = options;
  }

  stop(): void {
    this.#abort.abort();
    // Switched off is off: what was written until now is not kept any more.
    this.#kept.setKeeps(false);
    this.#leave();
    this.#ghost.hide();
    this.#client.close();
  }

  inspect(): Inspection {
    this.#metrics.flush();
    const rect = this.#ghost.rect;
    return {
      visible: this.#ghost.visible,
      text: this.#session?.visibleText ?? "",
      reason: this.#session ? this.#session.reason : this.#reason,
      source: this.#session?.source ?? this.#source,
      waiting: this.#session?.waiting ?? false,
      keyToGhostMs: this.#metrics.keyToGhostMs.toArray(),
      mainThreadMs: this.#metrics.mainThreadMs.toArray(),
      ghostRect: rect ? { x: rect.x, y: rect.y, width: rect.width, height: rect.height } : null,
      textReads: textReads(),
    };
  }

  #listen(): void {
    const on = (target: EventTarget, type: string, handler: (event: Event) => void) =>
      target.addEventListener(type, handler, { capture: true, passive: type === "scroll", signal: this.#abort.signal });
    on(window, "focusin", (event) => this.#focused(event.composedPath()[0]));
    on(window, "focusout", () => this.#leave());
    on(window, "keydown", (event) => this.#metrics.work(() => this.#keyDown(event as KeyboardEvent)));
    on(window, "keyup", (event) => this.#keyUp(event as KeyboardEvent));
    on(window, "input", (event) => this.#metrics.work(() => this.#input(event as InputEvent)));
    on(window, "beforeinput", (event) => {
      if (event.isTrusted && this.#session) this.#editorChanges.before(event as InputEvent);
    });
    on(window, "blur", () => {
      if (document.activeElement instanceof HTMLIFrameElement) this.#options.frameFocused?.();
    });
    on(window, "compositionstart", () => {
      this.#composing = true;
      this.#session?.drop("composing");
    });
    on(window, "compositionend", (event) => {
      this.#composing = false;
      // The text of the composition is final only after this event.
      const at = event.timeStamp;
      setTimeout(() => this.#session?.changed("typed", at), 0);
    });
    on(document, "selectionchange", () => this.#metrics.work(() => this.#session?.checkCaret()));
    on(window, "scroll", () => this.#session?.moved());
    on(window, "resize", () => {
      this.#session?.context.measure();
      this.#session?.moved();
    });
    on(document, "visibilitychange", () => {
      if (!document.hidden) return;
      this.#session?.drop();
      this.#keep();
    });
    on(window, "submit", (event) => {
      // The page may empty or replace the field in a moment.
      const { target } = event;
      if (event.isTrusted && target instanceof Node && this.#isIn(target)) this.#keep();
    });
    on(window, "pagehide", () => this.#leave());
  }

  #focused(target: EventTarget | undefined): void {
    if (!(target instanceof Node)) return;
    const root = target.getRootNode();
    if (root instanceof ShadowRoot) this.#watchShadow(root);
    this.#enter(fieldOf(target));
  }

  /** Focus that moves inside one shadow root is not told to the outside. */
  #watchShadow(root: ShadowRoot): void {
    this.#passwords.watch(root);
    if (this.#roots.has(root)) return;
    this.#roots.add(root);
    const options = { capture: true, signal: this.#abort.signal };
    root.addEventListener("focusin", (event) => this.#focused(event.composedPath()[0]), options);
    root.addEventListener("focusout", () => this.#leave(), options);
    root.addEventListener("selectionchange", () => this.#session?.checkCaret(), options);
  }

  #enter(field: EditableField | undefined): void {
    if (field && this.#session?.context.field.element === field.element) return;
    this.#leave();
    if (!field) return;
    const root = field.element.getRootNode();
    if (root instanceof Document) this.#passwords.watch(root);
    let context = this.#contexts.get(field.element);
    if (!context) {
      context = new FieldContext(field, this.#passwords);
      this.#contexts.set(field.element, context);
    }
    context.measure();
    const verdict = context.verdict();
    const parts: SessionParts = {
      client: this.#client,
      ghost: this.#ghost,
      metrics: this.#metrics,
      announce: (text) => this.#announce(text),
      orphaned: this.#onOrphaned,
    };
    this.#session = new Session(context, parts);
    this.#session.reason = verdict.allowed ? null : verdict.reason;
    if (verdict.allowed) this.#client.warm();
  }

  #leave(): void {
    if (!this.#session) return;
    this.#reason = this.#session.reason;
    this.#source = this.#session.source;
    this.#keep();
    this.#session.drop();
    this.#session = undefined;
    this.#composing = false;
  }

  /** What was written in the field in focus, where it is kept. Attributes decide once more, before the text is touched. */
  #keep(): void {
    const context = this.#session?.context;
    if (!context) return;
    const { field } = context;
    // Of a field that is not in the page any more, nobody can say whether the page had opted out around it.
    const mayRead = () => field.element.isConnected && context.verdict().allowed;
    this.#kept.left(field.element, () => (mayRead() ? readEnd(field, MAX_KEPT_UTF16) : undefined));
  }

  #isIn(form: Node): boolean {
    const element = this.#session?.context.field.element;
    return element !== undefined && (form.contains(element) || ("form" in element && element.form === form));
  }

  #input(event: InputEvent): void {
    if (!event.isTrusted) {
      // A script changed the field: what is on screen may be stale.
      this.#session?.checkCaret();
      return;
    }
    this.#editorChanges.done();
    const field = fieldOfEvent(event);
    if (!field) return;
    if (this.#session?.context.field.element !== field.element) this.#enter(field);
    this.#kept.typed(field.element, event.inputType);
    if (this.#composing || event.isComposing) {
      this.#session?.drop("composing");
      return;
    }
    this.#session?.changed(changeOf(event.inputType), event.timeStamp);
  }

  #keyDown(event: KeyboardEvent): void {
    if (!event.isTrusted) return;
    this.#metrics.key(event.timeStamp);
    const session = this.#session;
    if (!session || !this.#ghost.visible) return;
    if (this.#composing || event.isComposing || event.keyCode === IME_KEY_CODE) return;
    const action = actionOf(event, this.#options.keys);
    if (!action || session.acceptable() === undefined) return;

    event.preventDefault();
    event.stopImmediatePropagation();
    this.#swallowKeyUp = event.code;
    if (action === "dismiss") session.dismiss();
    else void session.accept(action === "acceptAll" ? "all" : "word");
  }

  /** A page that never saw the key go down shall not act on it coming up. */
  #keyUp(event: KeyboardEvent): void {
    if (this.#swallowKeyUp === undefined || !event.isTrusted || event.code !== this.#swallowKeyUp) return;
    this.#swallowKeyUp = undefined;
    event.stopImmediatePropagation();
  }

  #passwordFound(element: Element): void {
    if (this.#session?.context.field.element === element) this.#session.drop("secureField");
  }

  #announce(text: string): void {
    if (!this.#options.announce) return;
    // Speaks without a live region, so nothing is added to the page. Newer browsers only.
    const speaker = document as Document & { ariaNotify?: (message: string) => void };
    speaker.ariaNotify?.(text);
  }
}

function changeOf(inputType: string): Change {
  if (inputType.startsWith("insert")) return "typed";
  if (inputType.startsWith("delete")) return "deleted";
  return "other";
}
