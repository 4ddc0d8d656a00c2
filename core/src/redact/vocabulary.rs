//! Words that say what the number, date or name beside them is, in the languages that Sotto's users write most.
//!
//! Entries are folded (`geburtsdatum`, `telefono`); one with a diacritic is meant exactly so (`né` is no `ne`).

use std::collections::HashMap;
use std::sync::LazyLock;

/// A set of meanings, one bit each.
pub(super) type Marks = u64;

/// Of a word with no meaning here.
pub(super) const NONE: Marks = 0;

macro_rules! marks {
    ($($(#[$doc:meta])* $name:ident = $words:expr;)*) => {
        /// Position of each meaning in a set.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Bit { $($name),* }
        $($(#[$doc])* pub(super) const $name: Marks = 1 << Bit::$name as u64;)*
        const LISTS: &[(Marks, &str)] = &[$(($name, $words)),*];
    };
}

marks! {
    /// A phone number follows.
    PHONE = "phone telephone tel tels fon fone mobile mob cell cellphone cellular handy mobil mobilnummer handynummer telefon \
        telefonnummer telefono rufnummer festnetz portable fixe mobiel telefoon telefoonnummer gsm movil celular cel whatsapp wa zap \
        sms text call calls callback ring ringing dial fax telefax hotline landline freephone reach reached erreichen \
        erreichst erreichbar anrufen durchwahl joindre joignable appeler appelez appelle llamar llame llamame ligar ligue chiamare \
        chiamami chiami cellulare telemovel telefone telefoneer bel bellen puhelin tlf mobiltelefon mobilnummer telefonu komorka \
        ph phones numbers bereikbaar fijo fisso bureau buro тел телефон мобильныи τηλ τηλεφωνο κινητο";
    /// A payment card follows.
    CARD = "card cards visa mastercard amex maestro discover diners jcb unionpay kreditkarte karte debitkarte carte cb tarjeta carta \
        cartao creditcard kaart kredi";
    /// A number of an order, an article, a version or the like follows: nothing personal.
    REFERENCE = "order orders invoice ref reference ticket case isbn issn ean sku serial batch lot article artikel artikelnummer model \
        part parts tracking parcel shipment sendung sendungsnummer paket bestellung bestellnummer auftrag auftragsnummer rechnung \
        rechnungsnummer kundennummer vertragsnummer vertrag account konto kontonummer compte commande facture pedido factura fattura ordine \
        ordernummer bestelling factuur nota protocolo processo expediente dossier aktenzeichen version release build revision firmware \
        commit pid port imei meid iccid upc gtin doi pmid page pages chapter issue bug mrn po rma claim policy police poliza polis booking \
        reservation buchung buchungsnummer transaction txn utr rrn auth trace terminal room zimmer flight gate score range barcode \
        zip plz cep postcode pin otp code session folio permit container meter reading zahler zahlernummer seriennummer seriennr serie modell \
        modele modelo coordinates coords lat lon latitude longitude timestamp budget siren siret tva vat steuernummer kvk btw company gst gstin ifsc \
        routing sort bic swift quantity amount total section voucher gift coupon cheque check boleto reg registration plate kennzeichen \
        matricule matricula targa lote lotto contrat contrato contratto contract customer klantnummer kunde kundenreferenz versichertennummer mandatsreferenz referenz referentie referencia \
        reference referenza verwendungszweck concepto schadennummer fall allocataire pratica zakaznik invoice pnr train queue article asin nummerplaat vehicle fiscal \
        versicherung schein scheinnummer registry ein raum partita iva piva batch fahrzeug gerat versie versao versione edicion auflage";
    /// A date of birth follows.
    BIRTH = "born birth birthdate birthday dob geboren geborene geb geburtsdatum geburtstag geburt né née naissance nacido nacida nacio nacimiento \
        cumpleanos nato nata nascita nascido nascida nascimento nasceu geboortedatum geboorte urodzony urodzona urodzenia fodd fodt \
        fodselsdato fodselsdag syntynyt γεννηθηκε γεννησης родился родилась рождения narozen narozena narozeni dogum szuletett bday";
    /// A date of something else follows.
    OTHER_DATE = "invoice hired since expires expiry expire exp issue issued valid due signed start started starts end ends ended joined \
        married died deceased appointment visit vaccinated opened received dated updated party review released until renewed deadline \
        eintritt austritt rechnung vom seit bis gultig ausgestellt ablauf termin hochzeit gestorben facture rendez depuis jusqu \
        expedition marie decede embauche factura alta vencimiento desde hasta caduca casado fattura scadenza dal assunto dienst sinds tot \
        factuur admissao emissao vencimento anstalld zatrudniony decision application delivery shipped created published";
    /// An address follows.
    ADDRESS = "address addr adresse anschrift lieferadresse rechnungsadresse wohnhaft wohnt wohne direccion domicilio domiciliado indirizzo residente \
        residence residenza adres huisadres bezorgadres woonachtig endereco morada osoite adress adres siedziba zamieszkaly ship deliver bill lives \
        living reside resides residing demeurant domicilie domiciliee адрес διευθυνση";
    /// Stands before a name.
    TITLE = "mr mrs ms mx dr prof professor sir dame rev reverend judge justice herr herrn frau monsieur madame mademoiselle mme mlle messrs \
        senor senora senorita sr sra srta dona doña signor signora signorina sig dott dottor dottoressa avv ing mevr mevrouw meneer dhr seu shri smt \
        kumari mister doctor docteur doktor doutor doutora dra familie famille pan pani panie pana panu fru hr господин госпожа κυρια κυριε κυριοσ lord lady \
        capt captain sgt sergeant lt lieutenant col colonel uncle auntie aunt tante onkel oncle tio tia maitre me";
    /// Begins a letter, before a name.
    GREETING = "hi hello hey dear hallo liebe lieber hoi bonjour salut cher chere bonsoir hola estimado estimada querido querida \
        ciao caro cara gentile ola oi prezado prezada hej kaere kjaere hei moi czesc witam szanowny szanowna привет здравствуите уважаемыи \
        уважаемая дорогая дорогои αγαπητε αγαπητη respected beste geachte morning evening afternoon tag moin servus thanks thank merci danke gracias grazie obrigado obrigada bedankt \
        geehrte geehrter yo cheers greetings";
    /// Ends a letter, before a name.
    SIGN_OFF = "regards cheers sincerely best thanks thx ta yours faithfully grusse grussen gruss lg vg mfg cordialement amicalement toi saludos \
        atentamente abrazo saluti cordialmente saluto groeten groet abracos atenciosamente att halsningar hilsen terveisin pozdrawiam \
        love xoxo firma signed wishes truly respectfully cordially bises bisous besos beijos bacioni hugs warmly distinguees kveðja hilsner mvh";
    /// Label of a field that holds a name.
    NAME = "name names vorname nachname surname firstname lastname forename fullname nom prenom nombre apellido apellidos nome cognome \
        sobrenome naam voornaam achternaam imie nazwisko patient patientin applicant contact contacts attendee attendees present \
        participants caller reporter reported assignee author employee tenant owner client signatory attn attention cc bcc from von an da van \
        witness passenger guest physician attending teacher manager supervisor ansprechpartner ansprechpartnerin kontaktperson \
        sachbearbeiter sachbearbeiterin mieter mieterin betreuer titular cardholder spouse beneficiary beneficiario solicitante \
        unterschrift firma gezeichnet kontakt contato contacto contatto driver borrower lender buyer seller landlord nurse staff team \
        lead interviewer candidate agent salutation student pupil organizer organiser host speaker speakers named namens имя фио ονομα";
    /// Somebody's relation, before a name.
    RELATION = "husband wife son daughter brother sister mother father mom mum dad cousin friend colleague boss neighbour neighbor \
        partner girlfriend boyfriend fiance fiancee assistant nephew niece grandmother grandfather grandma grandpa grandson granddaughter \
        roommate flatmate bruder schwester mutter vater freund freundin kollege kollegin chef chefin nachbar nachbarin ehemann ehefrau \
        mari femme frere soeur collegue ami amie voisin voisine marido esposa hermano hermana amigo amiga colega hijo hija \
        marito moglie fratello sorella collega figlio figlia vriend vriendin broer zus esposo irmao irma filho filha landlord doctor doctora lawyer client \
        accountant colleagues stepson stepdaughter therapist tutor coach plumber electrician builder nanny";
    /// Somebody spoke or acted: a name before it, or after it where that is usual.
    SPEECH = "said says told tells asked asks wrote writes replied replies mentioned mentions confirmed confirms explained explains agreed agrees \
        noted thinks thought reported presented suggested volunteered denied denies testified joined phoned emailed texted";
    /// Somebody does something with the person whose name follows.
    TOWARDS = "told ask asked met meet thank tell remind contact email emailed ping call called phoned phone texted text spoke talked met \
        according invite invited cc hired fired behalf treffe traf frag frage ruf selon rencontre avise quede named hable vi \
        meldete besuche saw visited interviewed married wed represented countersigned approved attn signed appointed secondo falei";
    /// A password or key follows.
    SECRET = "password passwd pwd pass passcode passphrase passwort kennwort wachtwoord mdp contrasena clave senha haslo losenord salasana \
        wlan pw passe parola πασσωορδ пароль";
    /// A token or key of a program follows.
    KEY = "secret token apikey key accesskey secretkey privatekey authtoken auth bearer credential credentials accountkey sessionid signature sid jwt";
    /// Ends the name of a company, a place or a thing rather than of a person.
    ORGANISATION = "inc ltd llc gmbh ag kg corp corporation company co plc sa sas sarl srl spa bv nv oy ab limited group holding holdings partners \
        foundation stiftung university universitat universite college school academy institute institut hospital clinic klinik krankenhaus airport \
        station bahnhof street st road rd avenue ave lane drive boulevard blvd square place plaza platz strasse weg allee gasse ring park river \
        bridge tower center centre library museum theatre theater stadium church cathedral award prize act agreement law theorem algorithm \
        method test effect principle equation disease syndrome lymphoma law airport county city town village valley lake mount mountain mountains \
        beach island islands bay forest house hotel inn bar cafe restaurant bank insurance department office council committee team services \
        service solutions systems software technologies technology consulting associates line lines court hall building block terrace gardens \
        close crescent residency apartments nagar day days week cup league club football fc united city rovers festival orchestra \
        band records press times post news journal magazine review university primary secondary trust society union party railway \
        stadtwerke verein verlag bau versicherung apotheke praxis amt finanzamt amtsgericht prix gare aeroport ecole lycee hopital banque \
        ministerio ministero ministere ayuntamiento banco universidad hospital calle avenida plaza via piazza corso viale rue quai place \
        avenue chemin impasse rua travessa praca ul ulica fault plateau coast sea ocean desert canyon falls fell reef gmbh";
    /// A word that people are addressed with who have no name: customer, team, all.
    GENERIC = "customer customers kunde kunden client clients team all everyone everybody there folks guys friends colleagues parents \
        neighbours neighbors residents members kolleginnen kollegen damen herren nachbarn eltern freunde zusammen alle leute tous toutes \
        equipe amigos todos tutti team support hiring manager recruiter sir madam valued world student students user users reader readers \
        mum mom dad mama papa mummy daddy grandma grandpa santa god again world chatgpt assistant bot vereinsmitglieder mitglieder \
        senores señores senhores signori messieurs mesdames committee board editor editors author authors you your you darling love honey \
        sweetheart baby babe dude man mate buddy sunshine schatz cherie cheri allemaal iedereen allerseits beide both";
    /// An article or the like: what follows is a noun, also with a capital letter.
    ARTICLE = "the a an der die das dem den des ein eine einem einen einer im am zum zur beim vom le la les un une du des el los las \
        una il lo gli het een o os as um uma his her its our your their my kein keine mein meine \
        dein seine ihre unser unsere mon ma mes ton ta sa ses notre votre mi tu su nuestro mio mia suo sua";
    /// "I am", "my name is", "called": a name follows.
    INTRODUCTION = "im heisse heisst ik heet chamo llamo llama chiamo chiama appelle sappelle heter hedder nazywam зовут \
        soy sono sou suis bin ben jag jestem hight lautet alias";
    /// Country-specific identity numbers follow.
    ID_US = "ssn itin social tin";
    ID_NINO = "nino ni insurance";
    ID_NHS = "nhs";
    ID_DE_TAX = "steuerid steueridentifikationsnummer identifikationsnummer idnr steuer steuerliche tin";
    ID_DE_CARD = "personalausweis personalausweisnummer ausweis ausweisnummer perso ausweisnr reisepass pass passport";
    ID_FR = "nir insee secu sociale vitale securite";
    ID_ES = "dni nie nif documento";
    ID_IT = "cf fiscale codice";
    ID_NL = "bsn burgerservicenummer sofinummer";
    ID_AADHAAR = "aadhaar aadhar adhaar adhar uidai";
    ID_PAN = "pan";
    ID_BR = "cpf cnpj";
}

/// Labels that say what a number is: the nearest one counts.
pub(super) const NUMBER_LABELS: Marks = PHONE
    | CARD
    | REFERENCE
    | ID_US
    | ID_NINO
    | ID_NHS
    | ID_DE_TAX
    | ID_DE_CARD
    | ID_FR
    | ID_ES
    | ID_IT
    | ID_NL
    | ID_AADHAAR
    | ID_PAN
    | ID_BR;

static WORDS: LazyLock<HashMap<&'static str, Marks>> = LazyLock::new(|| {
    let mut words = HashMap::new();
    for (mark, list) in LISTS {
        for word in list.split_whitespace() {
            *words.entry(word).or_insert(NONE) |= mark;
        }
    }
    words
});

/// What `word` (lower case, as written) or `folded` means.
pub(super) fn marks(lower: &str, folded: &str) -> Marks {
    let get = |word: &str| WORDS.get(word).copied().unwrap_or(NONE);
    if lower == folded {
        get(folded)
    } else {
        get(lower) | get(folded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_meanings() {
        assert_eq!(marks("né", "ne") & BIRTH, BIRTH);
        assert_eq!(marks("ne", "ne"), NONE);
        assert_eq!(marks("téléphone", "telephone"), PHONE);
        assert_eq!(marks("nothing", "nothing"), NONE);
    }

    #[test]
    fn entries_can_be_met() {
        for word in WORDS.keys() {
            let folded = super::super::fold::fold(word);
            assert!(*word == folded || !word.is_ascii(), "{word}");
            assert_eq!(*word, word.to_lowercase());
        }
    }
}
