// Small helpers of the pages.

/** The element with this id, of this type; the pages and their scripts are written together. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`no ${type.name} with the id ${id}`);
  return element;
}

export function setText(id: string, text: string): void {
  byId(id, HTMLElement).textContent = text;
}

export function setHidden(id: string, hidden: boolean): void {
  byId(id, HTMLElement).hidden = hidden;
}

/** Key caps of a binding. */
export function kbdCaps(caps: readonly string[]): HTMLElement {
  const holder = document.createElement("span");
  caps.forEach((cap, index) => {
    if (index > 0) holder.append("\u2009");
    const key = document.createElement("kbd");
    key.textContent = cap;
    holder.append(key);
  });
  return holder;
}
