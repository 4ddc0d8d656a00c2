// What a peer's page (page.html) offers to the bench.

interface Window {
  peer: {
    load(options: { file?: string; data?: string; gpu: boolean }): Promise<void>;
    generate(prompt: number, steps: number): Promise<{ prefillMs: number; stepMs: number; ids?: number[] }>;
    suggest(prompt: number, fresh: number, steps: number): Promise<number>;
  };
}
