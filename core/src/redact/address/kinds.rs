//! The words that streets, flats and houses are called by, looked up once for each word of the text.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Folded endings of English street names, in full and short. The second list is also ordinary words.
const STREETS: &str = "street st road rd avenue ave lane ln boulevard blvd terrace crescent cres gardens gdns parkway pkwy highway hwy \
    mews grove broadway alley esplanade drive dr";
const STREETS_WEAK: &str = "court ct place pl way square sq close circle cir trail trl row hill walk quay parade loop plaza view rise green \
    park wharf yard bank turnpike crossing path pike ridge run bend heights vale villas embankment fields";

/// Words before the name in French addresses, behind the number.
const FRENCH_STREETS: &str = "rue avenue av ave boulevard bd boul place pl chemin ch allee impasse quai cours route rte square passage sentier \
    faubourg villa residence rond esplanade ruelle montee cite hameau lotissement promenade traverse venelle voie";

/// Words before the name in Spanish, Italian, Portuguese, Polish, Romanian and Belgian addresses, with the number behind.
const TYPES_FIRST: &str = "calle c avenida avda avd av plaza pza pl paseo carrer ronda camino carretera ctra travesia glorieta callejon rambla gran \
    via viale piazza piazzale corso largo vicolo strada vico contrada lungomare lungotevere borgo salita localita \
    rua travessa tv alameda al praca estrada rodovia rod quadra beco ladeira \
    ul ulica aleja aleje plac pl os osiedle str strada bulevardul bd calea aleea soseaua \
    rue avenue boulevard chemin place quai chaussee laan";

/// Endings of one-word street names with the number behind: German, Dutch, Scandinavian, Finnish.
const ENDINGS: &[&str] = &[
    "strasse",
    "straße",
    "str",
    "weg",
    "platz",
    "allee",
    "gasse",
    "damm",
    "ufer",
    "chaussee",
    "stieg",
    "pfad",
    "promenade",
    "graben",
    "zeile",
    "twiete",
    "ring",
    "wall",
    "steig",
    "straat",
    "laan",
    "plein",
    "gracht",
    "kade",
    "dijk",
    "singel",
    "steeg",
    "baan",
    "gatan",
    "gata",
    "gade",
    "vagen",
    "vejen",
    "vej",
    "veien",
    "vegen",
    "torget",
    "torv",
    "plads",
    "alle",
    "katu",
    "ntie",
    "kuja",
    "polku",
    "gate",
    "vagen",
    "grand",
    "backen",
];

/// Words with such an ending that are no streets.
const NO_STREETS: &str = "arbeitsplatz sitzplatz parkplatz stellplatz spielplatz startplatz standplatz liegeplatz speicherplatz studienplatz \
    ausbildungsplatz campingplatz bauplatz umweg ausweg heimweg hinweg ruckweg rueckweg irrweg postweg rechtsweg dienstweg \
    hering string spring bring monitoring engineering catering sponsoring clustering refactoring controlling hearing offering during \
    colgate delegate aggregate investigate propagate surrogate frigate tailgate watergate navigate mitigate mandate \
    rugge brigade renegade decade upgrade downgrade grade trade blockade facade crusade barricade lemonade palisade escapade \
    nacionalle maalle schakade zweig salle dalle halle alle kalle balle stalle gazelle \
    aambeeld banaan spaan orkaan vulkaan ontstaan bestaan gegaan rijbaan startbaan loopbaan kegelbaan";

/// One-word streets where the ending stands alone behind a name: `Mariahilfer Straße`, `Karl Johans gate`.
const ENDINGS_ALONE: &str = "strasse straße str weg platz allee gasse damm ufer ring chaussee gate gata gade vej alle torv plads straat laan plein \
    caddesi cad sokak sokagi sok bulvari mahallesi utca ut ter namesti trida ulice";

/// Words that number a part of a house.
const UNITS: &str = "flat apt apartment suite ste unit floor fl room rm apto apartamento piso planta puerta pta esc escalera sala bloco bloque etage \
    stock og lgh bus boite bte door block blok villa office shop lot no appt appartement bat batiment hus wohnung whg top stiege interno int scala andar andares fraccao lote \
    local oficina casa conjunto cj edificio plot house studio level m app kat daire izda dcha esq dto";

/// Last words of names of houses.
const HOUSES: &str = "house court cottage forge mill lodge building tower towers residency apartments farm barn manor hall view mansions \
    heights villa wharf grange rectory vicarage works chambers centre center plaza";

/// Points of the compass behind or before a street's name.
const DIRECTIONS: &str =
    "n s e w nw ne sw se north south east west ouest est nord sud norte sur oeste";

/// Small words inside of names.
const PARTICLES: &str = "de du des del della delle dei degli dell di da do dos das la le les l d los las el et e y i a al aux en sur sous of the \
    van der den ter ten het op in und zu zum zur von vom san saint st ste santa santo sao sint und";

/// A set of such meanings, one bit each.
pub(in super::super) type Kinds = u16;

/// English street.
pub(super) const ENGLISH: Kinds = 1;
/// English street whose name is also an ordinary word.
pub(super) const ENGLISH_WEAK: Kinds = 1 << 1;
/// French street.
pub(super) const FRENCH: Kinds = 1 << 2;
/// Street before its name, with the number behind.
pub(super) const TYPE_FIRST: Kinds = 1 << 3;
/// The ending of a street's name as a word of its own.
pub(super) const ENDING: Kinds = 1 << 4;
/// Part of a house.
pub(super) const UNIT: Kinds = 1 << 5;
/// Last word of the name of a house.
pub(super) const HOUSE: Kinds = 1 << 6;
/// Point of the compass.
pub(super) const DIRECTION: Kinds = 1 << 7;
/// Small word inside of a name.
pub(super) const PARTICLE: Kinds = 1 << 8;
/// One word that is a street: `Gutenbergstraße`.
pub(super) const COMPOUND: Kinds = 1 << 9;
/// Ends like one and is none.
const NO_STREET: Kinds = 1 << 10;

static WORDS: LazyLock<HashMap<&'static str, Kinds>> = LazyLock::new(|| {
    let lists = [
        (ENGLISH, STREETS),
        (ENGLISH_WEAK, STREETS_WEAK),
        (FRENCH, FRENCH_STREETS),
        (TYPE_FIRST, TYPES_FIRST),
        (ENDING, ENDINGS_ALONE),
        (UNIT, UNITS),
        (HOUSE, HOUSES),
        (DIRECTION, DIRECTIONS),
        (PARTICLE, PARTICLES),
        (NO_STREET, NO_STREETS),
    ];
    let mut words = HashMap::new();
    for (kind, list) in lists {
        for word in list.split_whitespace() {
            *words.entry(word).or_insert(0) |= kind;
        }
    }
    words
});

/// What `folded` is in addresses.
pub(in super::super) fn kinds(folded: &str) -> Kinds {
    let listed = WORDS.get(folded).copied().unwrap_or(0);
    let compound = listed & NO_STREET == 0
        && ENDINGS
            .iter()
            .any(|ending| folded.len() > ending.len() + 2 && folded.ends_with(ending))
        && !["ering", "oring", "uring", "iring"]
            .iter()
            .any(|ending| folded.ends_with(ending));
    if compound { listed | COMPOUND } else { listed }
}
