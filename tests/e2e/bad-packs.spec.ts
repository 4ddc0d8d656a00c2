// A model pack that is damaged or not ours: a clear error with its code in the popup, no crash, no suggestion, and the
// page works as if Sotto were not there.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "./fixtures";
import { ROOT } from "./lib/browser.mjs";
import { foreignMutations } from "./lib/field";
import { extensionWithPack, type OpenPack } from "./lib/pack-variants.mjs";

interface Damage {
  name: string;
  code: string;
  change: (pack: OpenPack) => Promise<void>;
}

const flip = (bytes: Buffer, at: number) => {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
};

async function changeConfig(pack: OpenPack, changes: Record<string, unknown>): Promise<void> {
  const config = JSON.parse((await pack.read("config")).toString("utf8"));
  await pack.replace("config", Buffer.from(JSON.stringify({ ...config, ...changes })));
  await pack.sign();
}

const DAMAGES: Damage[] = [
  {
    name: "truncated weights",
    code: "packBlobMismatch",
    change: async (pack) => {
      const weights = await pack.read("weights");
      await pack.overwrite("weights", weights.subarray(0, weights.length / 2));
    },
  },
  {
    name: "weights with more behind them",
    code: "packBlobMismatch",
    change: async (pack) => {
      await pack.overwrite("weights", Buffer.concat([await pack.read("weights"), Buffer.alloc(100_000)]));
    },
  },
  {
    name: "one altered byte in the weights",
    code: "packBlobMismatch",
    change: async (pack) => {
      const weights = await pack.read("weights");
      await pack.overwrite("weights", flip(weights, weights.length - 1000));
    },
  },
  {
    name: "missing weights",
    code: "packBlobMissing",
    change: (pack) => pack.overwrite("weights", undefined),
  },
  {
    name: "a wrong signature",
    code: "packSignatureInvalid",
    change: async (pack) => pack.writeSignature(flip(await pack.signature(), 10)),
  },
  {
    name: "a manifest that was changed after signing",
    code: "packSignatureInvalid",
    change: async (pack) => {
      pack.manifest.version += 1;
      await pack.writeManifest();
    },
  },
  {
    name: "a signed manifest that is none",
    code: "packManifestInvalid",
    change: async (pack) => {
      pack.manifest = { hello: "world" };
      await pack.sign();
    },
  },
  {
    name: "an unknown architecture, validly signed",
    code: "modelArchitectureUnknown",
    change: (pack) => changeConfig(pack, { architectures: ["MambaForCausalLM"], model_type: "mamba" }),
  },
  {
    name: "an absurd width, validly signed",
    code: "modelConfigInvalid",
    change: (pack) => changeConfig(pack, { hidden_size: 2_000_000_000 }),
  },
  {
    name: "a billion layers, validly signed",
    code: "modelConfigInvalid",
    change: (pack) => changeConfig(pack, { num_hidden_layers: 1_000_000_000 }),
  },
  {
    name: "a width of zero, validly signed",
    code: "modelConfigInvalid",
    change: (pack) => changeConfig(pack, { hidden_size: 0 }),
  },
  {
    name: "truncated weights, validly signed",
    code: "modelWeightsInvalid",
    change: async (pack) => {
      const weights = await pack.read("weights");
      await pack.replace("weights", weights.subarray(0, weights.length / 2));
      await pack.sign();
    },
  },
  {
    name: "the tokenizer of another model, validly signed",
    code: "tokenizerInvalid",
    change: async (pack) => {
      await pack.replace("tokenizer", await readFile(join(ROOT, "tests/fixtures/tiny-llama/tokenizer.json")));
      await pack.sign();
    },
  },
  {
    name: "a tokenizer that is not one, validly signed",
    code: "tokenizerInvalid",
    change: async (pack) => {
      await pack.replace("tokenizer", Buffer.from('{"model":'));
      await pack.sign();
    },
  },
];

for (const { name, code, change } of DAMAGES) {
  test(`${name}: the popup says ${code}, and nothing is suggested`, async ({ launch, open, field, prompt }) => {
    const { extension, remove } = await extensionWithPack(change);
    try {
      const sotto = await launch({ extension });
      const page = await open("/textarea.html", { sotto });
      const typed = field(page, {}, sotto);
      await typed.focus();
      await typed.type(prompt.text);

      const popup = await sotto.openPopup(page);
      await expect.poll(() => popup.text(), { timeout: 30_000 }).toContain(code);
      await popup.close();

      await typed.focus();
      await typed.type("and ");
      await typed.silentBecause("engineError");
      await typed.holds(`${prompt.text}and `);
      await typed.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("after");
      expect(await foreignMutations(page.mainFrame())).toEqual([]);
      expect(await page.evaluate(() => window.record?.errors)).toEqual([]);
      // Not a crash: the engine page is still there to say what is wrong.
      expect(await sotto.engineStatus()).toMatchObject({ type: "failed", error: { code, retryable: false } });
    } finally {
      await remove();
    }
  });
}

test("the same copy with nothing changed works, signed again", async ({ launch, open, field, prompt }) => {
  const { extension, remove } = await extensionWithPack((pack) => pack.sign());
  try {
    const sotto = await launch({ extension });
    const page = await open("/textarea.html", { sotto });
    const typed = field(page, {}, sotto);
    await typed.focus();
    await typed.type(prompt.text);
    expect(await typed.ghost(60_000)).toBe(prompt.suggestion);
  } finally {
    await remove();
  }
});
