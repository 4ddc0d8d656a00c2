// A line of a list with something that can be done about it.

export function row(name: string, action: string, description: string, onClick: () => Promise<void>): HTMLLIElement {
  const item = document.createElement("li");
  const label = document.createElement("span");
  label.textContent = name;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = action;
  button.setAttribute("aria-label", description);
  button.addEventListener("click", () => void onClick());
  item.append(label, button);
  return item;
}
