#!/usr/bin/env python3
"""Writes core/src/redact/lexicon/words.txt: which words are given names, surnames, ordinary words or other proper nouns.

Not part of the build: its result is committed. Needs four things that are not in the repository (README.md says which):
the unpacked packages Faker and names from PyPI, what dump.mjs makes of @faker-js/faker, and a table of how often English words occur in lower and in upper case.

    make.py FAKER_DIR NAMES_DIR FAKER_JS_JSON COUNTS_JSON > core/src/redact/lexicon/words.txt
"""

import importlib
import json
import pathlib
import re
import sys
import unicodedata
from collections import Counter, defaultdict

HERE = pathlib.Path(__file__).parent
GIVEN, SURNAME, WORD, PROPER = 1, 2, 4, 8
# Letters that Unicode does not decompose.
LETTERS = {"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ə": "e", "ı": "i", "ħ": "h", "ŋ": "n", "ς": "σ"}
# Scripts with capital letters. The detector has no use for names without them.
KNOWN = re.compile(r"^[a-zа-яіїєґўђјљњћџα-ω]{2,}$")
# Locales whose surnames are taken. Those of the others mostly end in one of the detector's endings (-ski, -ova, -son).
SURNAME_LOCALES = set("""da_DK de_AT de_CH de_DE en en_GB en_IN en_KE en_NG en_NZ en_PK en_US es_AR es_CL es_CO es_ES es_MX
fi_FI fr_CA fr_CH fr_DZ fr_FR ha_NG hu_HU id_ID ig_NG it_IT ja_JP nl_NL no_NO pt_BR pt_PT sv_SE sw tr_TR tw_GH vi_VN
yo_NG zh_CN zh_TW zu_ZA cs_CZ ro_RO""".split())
# Icelandic lists hold every name that the law allows, most of them rare.
GIVEN_SKIPPED = {"is_IS"}
ENDINGS = re.compile(r"(sk[iay]|ck[iay]|czyk|wicz|sson|ova|ovic|evic|enko|escu|idis|poulos|opoulou|shvili|oglu|yan|ов|ова|ев|ева|ин|ина|ский|ская|енко|чук)$")
CENSUS_SURNAMES = 4000


def fold(word):
    """Lower case without diacritics, as the detector looks words up."""
    word = "".join(LETTERS.get(char, char) for char in word.lower())
    return "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))


def parts(name):
    for part in re.split(r"[\s\-'’`.]", name):
        part = fold(part)
        if KNOWN.match(part):
            yield part


def names_of(values):
    for value in values.keys() if isinstance(values, dict) else values:
        value = value[0] if isinstance(value, (tuple, list)) and value else value
        if isinstance(value, str):
            yield value


def faker_names(folder):
    sys.path.insert(0, str(folder))
    given, surnames = defaultdict(set), defaultdict(set)
    for path in sorted((folder / "faker/providers/person").iterdir()):
        if not path.is_dir() or path.name.startswith("__"):
            continue
        provider = importlib.import_module(f"faker.providers.person.{path.name}").Provider
        for attribute in dir(provider):
            values = getattr(provider, attribute)
            if attribute.startswith("_") or "format" in attribute or isinstance(values, str) or not hasattr(values, "__iter__"):
                continue
            target = given if "first" in attribute else surnames if "last" in attribute else None
            if target is not None:
                target[path.name].update(part for name in names_of(values) for part in parts(name))
    return given, surnames


def listed(name):
    lines = (HERE / name).read_text(encoding="utf8").splitlines()
    return {fold(word) for line in lines if not line.startswith("#") for word in line.split()}


def main():
    faker, census, faker_js, counts_path = map(pathlib.Path, sys.argv[1:])
    counts = json.loads(counts_path.read_text())
    lower, capital = counts["low"], counts["cap"]
    faker_given, faker_surnames = faker_names(faker)
    keep, drop, places, words, proper, strong = (listed(f"{name}.txt") for name in ("keep", "drop", "places", "words", "proper", "strong"))

    flags = Counter()
    for locale, names in faker_given.items():
        if locale not in GIVEN_SKIPPED:
            for name in names:
                flags[name] |= GIVEN
    for name in listed("more.txt"):
        flags[name] |= GIVEN
    more = json.loads(faker_js.read_text())
    for names in more.values():
        for name in names["given"]:
            for part in parts(name):
                flags[part] |= GIVEN
    for sex in ("female", "male"):
        for line in (census / f"names/dist.{sex}.first").read_text().splitlines():
            flags[fold(line.split()[0])] |= GIVEN
    taken = {name for locale in SURNAME_LOCALES for name in faker_surnames[locale] if len(name) > 2 or locale in ("zh_CN", "zh_TW", "vi_VN", "ja_JP")}
    taken |= {fold(line.split()[0]) for line in (census / "names/dist.all.last").read_text().splitlines()[:CENSUS_SURNAMES]}
    taken |= {part for names in more.values() for name in names["surname"] for part in parts(name) if len(part) > 2}
    for name in taken:
        if flags[name] or not ENDINGS.search(name):
            flags[name] |= SURNAME

    for word, count in lower.items():
        share = count / (count + capital.get(word, 0))
        # An ordinary word in a fifth of its occurrences: as a name it needs a reason. Typing errors and user names stay out.
        if flags[word] & (GIVEN | SURNAME) and count >= 20 and share >= 0.2:
            flags[word] |= WORD
            # Almost always a word: no name at all, unless the list of exceptions says so.
            if count >= 1000 and share > 0.97 and word not in keep:
                flags[word] = WORD
        elif count >= 500:
            flags[word] |= WORD
    for word in words:
        if flags[word]:
            flags[word] |= WORD
    for word in keep:
        flags[word] |= GIVEN | WORD
    for word in drop:
        flags[word] = WORD
    for word in places | proper:
        flags[word] |= PROPER
    for word in strong:
        flags[word] &= GIVEN | SURNAME

    for word, value in sorted(flags.items(), key=lambda item: item[0].encode()):
        if value and KNOWN.match(word):
            print(f"{word}{chr(ord('@') + value)}")


if __name__ == "__main__":
    main()
