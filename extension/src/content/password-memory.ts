// Remembers every field that ever was a password field, so that "show password" does not make it readable: by element,
// and by name and id where a page swaps the element for another one. Watches `type` in the document from the start, and
// in a shadow root from the first time that the focus enters it.

export class PasswordMemory {
  readonly #elements = new WeakSet<Element>();
  readonly #names = new Set<string>();
  readonly #roots = new WeakSet<Node>();
  readonly #observer: MutationObserver;
  /** Called when a field turns out to be one. */
  onFlip: ((element: Element) => void) | undefined;

  constructor() {
    this.#observer = new MutationObserver((records) => this.#take(records));
  }

  /** Watches a document or shadow root; safe to call again. */
  watch(root: Document | ShadowRoot): void {
    if (!this.#roots.has(root)) {
      this.#roots.add(root);
      this.#observer.observe(root, { attributeFilter: ["type"], attributeOldValue: true, subtree: true });
    }
    for (const input of root.querySelectorAll('input[type="password" i]')) this.remember(input);
  }

  wasPassword(element: Element): boolean {
    this.#take(this.#observer.takeRecords());
    if (isPassword(element)) this.remember(element);
    return this.#elements.has(element) || namesOf(element).some((name) => this.#names.has(name));
  }

  stop(): void {
    this.#observer.disconnect();
  }

  #take(records: MutationRecord[]): void {
    for (const record of records) {
      const { target } = record;
      if (target instanceof HTMLInputElement && (record.oldValue?.toLowerCase() === "password" || isPassword(target))) {
        this.remember(target);
        this.onFlip?.(target);
      }
    }
  }

  /** Also for fields that are passwords in all but type. */
  remember(element: Element): void {
    if (this.#elements.has(element)) return;
    this.#elements.add(element);
    for (const name of namesOf(element)) this.#names.add(name);
  }
}

function isPassword(element: Element): boolean {
  return element.getAttribute("type")?.toLowerCase() === "password";
}

function namesOf(element: Element): string[] {
  return ["name", "id"].flatMap((attribute) => {
    const value = element.getAttribute(attribute);
    return value ? [`${attribute}=${value}`] : [];
  });
}
