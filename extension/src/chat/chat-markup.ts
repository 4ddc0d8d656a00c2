// The chat's elements. Built here, so that popup and side panel have the same and neither carries them until it is needed.

const MARKUP = `
  <div class="chat-bar">
    <button id="chat-new" class="button small" type="button" data-i18n="chatNew"></button>
    <details id="chat-earlier" hidden>
      <summary data-i18n="chatEarlier"></summary>
      <ul id="chat-earlier-list"></ul>
    </details>
  </div>
  <p id="chat-empty" class="quiet" data-i18n="chatEmpty"></p>
  <ol id="chat-log" role="log" aria-live="off" tabindex="0" data-i18n-attr="aria-label:chatLogLabel"></ol>
  <p id="chat-announcement" class="visually-hidden" role="status"></p>
  <form id="chat-form">
    <label class="chat-page">
      <input id="chat-use-page" type="checkbox" aria-describedby="chat-page-note" />
      <span data-i18n="chatUsePage"></span>
    </label>
    <p id="chat-page-note" class="quiet" aria-live="polite"></p>
    <div class="chat-compose">
      <textarea id="chat-input" rows="2" dir="auto" data-sotto="off"
        data-i18n-attr="placeholder:chatPlaceholder aria-label:chatPlaceholder"></textarea>
      <button id="chat-send" class="button primary" type="submit"></button>
    </div>
  </form>`;

export function chatMarkup(): DocumentFragment {
  // A constant of ours: nothing of a page or a model is in it.
  const template = document.createElement("template");
  template.innerHTML = MARKUP;
  return template.content;
}
