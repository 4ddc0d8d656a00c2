// What the test pages put on their window.

interface Window {
  editorState: { text: string; caret: number; types: { type: string; data: string | null; trusted: boolean }[] };
  keys: { key: string; composing: boolean; code: number; prevented: boolean }[];
}
