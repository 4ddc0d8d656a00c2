// Gives the user a file. It is made in this page and goes to the browser's downloads, nowhere else.

export function download(name: string, type: string, content: string | readonly BlobPart[]): void {
  const url = URL.createObjectURL(new Blob(typeof content === "string" ? [content] : [...content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold on the data by the next task.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
