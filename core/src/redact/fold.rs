//! Words without case and diacritics, as the lexicon and the vocabulary hold them: `Müller`, `MULLER` and `muller` are one.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Lower-case letters of the Latin, Greek and Cyrillic scripts, each before the letter that is left of it without its marks
/// (Unicode's canonical decomposition), and a few that Unicode does not decompose.
const PAIRS: &str = "\
    àaáaâaãaäaåaçcèeéeêeëeìiíiîiïiðdñnòoóoôoõoöoøoùuúuûuüuýyÿyāaăaąaćcĉcċcčcďdđdēeĕeėeęeěeĝgğgġgģgĥhħhĩi\
    īiĭiįiıiĵjķkĺlļlľlłlńnņnňnŋnōoŏoőoŕrŗrřrśsŝsşsšsţtťtũuūuŭuůuűuųuŵwŷyźzżzžzơoưuǎaǐiǒoǔuǖuǘuǚuǜuǟaǡaǣæ\
    ǧgǩkǫoǭoǯʒǰjǵgǹnǻaǽæǿøȁaȃaȅeȇeȉiȋiȍoȏoȑrȓrȕuȗușsțtȟhȧaȩeȫoȭoȯoȱoȳyʹʹΐιάαέεήηίιΰυςσϊιϋυόούυώωϓϒϔϒйиѐе\
    ёеѓгїіќкѝиўуѷѵӂжӑаӓаӗеӛәӝжӟзӣиӥиӧоӫөӭэӯуӱуӳуӵчӹыḁaḃbḅbḇbḉcḋdḍdḏdḑdḓdḕeḗeḙeḛeḝeḟfḡgḣhḥhḧhḩhḫhḭiḯiḱkḳk\
    ḵkḷlḹlḻlḽlḿmṁmṃmṅnṇnṉnṋnṍoṏoṑoṓoṕpṗpṙrṛrṝrṟrṡsṣsṥsṧsṩsṫtṭtṯtṱtṳuṵuṷuṹuṻuṽvṿvẁwẃwẅwẇwẉwẋxẍxẏyẑzẓzẕzẖh\
    ẗtẘwẙyẛſạaảaấaầaẩaẫaậaắaằaẳaẵaặaẹeẻeẽeếeềeểeễeệeỉiịiọoỏoốoồoổoỗoộoớoờoởoỡoợoụuủuứuừuửuữuựuỳyỵyỷyỹy\
";

static BASE: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let chars: Vec<char> = PAIRS.chars().collect();
    chars
        .chunks_exact(2)
        .map(|pair| (pair[0], pair[1]))
        .collect()
});

/// Puts `word`, folded, into `folded`.
pub(super) fn fold_into(word: &str, folded: &mut String) {
    folded.clear();
    if word.is_ascii() {
        folded.push_str(word);
        folded.make_ascii_lowercase();
        return;
    }
    for char in word.chars().flat_map(char::to_lowercase) {
        match char {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            // Combining marks.
            '\u{300}'..='\u{36f}' => {}
            char if char.is_ascii() => folded.push(char),
            char => folded.push(BASE.get(&char).copied().unwrap_or(char)),
        }
    }
}

/// `word`, folded.
pub(super) fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    fold_into(word, &mut folded);
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_case_go() {
        for (word, folded) in [
            ("Müller", "muller"),
            ("STRASSE", "strasse"),
            ("Straße", "strasse"),
            ("Łukasz", "lukasz"),
            ("Nguyễn", "nguyen"),
            ("Çetinkaya", "cetinkaya"),
            ("İbrahim", "ibrahim"),
            ("Zoe\u{308}", "zoe"),
            ("Γιώργος", "γιωργοσ"),
            ("Андрей", "андреи"),
            ("山田", "山田"),
        ] {
            assert_eq!(fold(word), folded, "{word}");
        }
    }
}
