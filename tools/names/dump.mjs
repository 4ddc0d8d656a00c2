// Prints the names of some locales of @faker-js/faker as JSON: { locale: { given: [...], surname: [...] } }.
//
//     node dump.mjs PACKAGE_DIR > faker-js.json

import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const LOCALES = ["en_IN", "en_NG", "en_GH", "en_ZA", "en_NP", "en_HK", "zu_ZA", "yo_NG", "ku_kmr_latin", "sr_RS_latin", "vi", "hr", "pt_BR", "es", "es_MX", "fr_SN"];

const faker = await import(pathToFileURL(resolve(process.argv[2], "dist/index.js")));

/** Every string of a definition, whatever its form. */
function strings(value) {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap((item) => strings(item?.value ?? item));
  return value && typeof value === "object" ? Object.values(value).flatMap(strings) : [];
}

const names = {};
for (const locale of LOCALES) {
  const person = faker[locale]?.person ?? {};
  names[locale] = { given: strings(person.first_name), surname: strings(person.last_name) };
}
process.stdout.write(JSON.stringify(names));
