// Web components with a textarea, a rich text field and (closed, so out of reach) another textarea.

const style =
  "textarea, div { box-sizing: border-box; width: 100%; min-height: 80px; font: inherit; padding: 10px; border: 1px solid #d9e0ea; border-radius: 8px; }";

customElements.define(
  "sotto-test-field",
  class extends HTMLElement {
    connectedCallback() {
      const root = this.attachShadow({ mode: "open" });
      root.innerHTML = `<style>${style}</style><textarea id="field" rows="3"></textarea>`;
    }
  },
);
customElements.define(
  "sotto-test-editor",
  class extends HTMLElement {
    connectedCallback() {
      const root = this.attachShadow({ mode: "open" });
      root.innerHTML = `<style>${style}</style><div id="editor" contenteditable="true" role="textbox"></div>`;
    }
  },
);
customElements.define(
  "sotto-test-closed",
  class extends HTMLElement {
    connectedCallback() {
      const root = this.attachShadow({ mode: "closed" });
      root.innerHTML = `<style>${style}</style><textarea rows="3"></textarea>`;
      this.type = () => root.querySelector("textarea").focus();
      this.text = () => root.querySelector("textarea").value;
    }
  },
);
