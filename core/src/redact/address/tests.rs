//! Addresses as they are written in sixteen countries, and what only looks like one.

use super::super::Kind;
use super::super::test_support::found;

#[test]
fn addresses() {
    for address in [
        "27 Larkspur Lane, Bristol BS6 5TG",
        "Flat 4, 118 Harbour Road, Edinburgh EH6 4PL",
        "Apartment 7, Wharf House, 30 Canal Road, Manchester M3 5LE",
        "4821 Sycamore Ridge Dr, Apt 12C, Columbus, OH 43215",
        "1218 NW 23rd Ave, Suite 200, Portland, OR 97210",
        "415 Mission St, 37th Floor, San Francisco, CA 94105",
        "77 Old Mill Rd., Burlington, VT 05401",
        "P.O. Box 4417, Boise, ID 83711",
        "350 Fifth Avenue",
        "3/28 Wattle Street, Brunswick VIC 3056",
        "88 Queen St W, Toronto, ON M5H 2N2",
        "Ahornweg 12, 50735 Köln",
        "Karl-Liebknecht-Str. 112, 04275 Leipzig",
        "Am Mühlbach 7, 79098 Freiburg",
        "Unter den Eichen 87\n12205 Berlin",
        "Mariahilfer Straße 121/2/14, 1060 Wien",
        "Seestrasse 9, CH-6006 Luzern",
        "14 bis rue des Tilleuls, 69003 Lyon",
        "128 avenue Jean-Jaurès, 75019 Paris",
        "1455 boulevard de Maisonneuve Ouest, Montréal (Québec) H3G 1M8",
        "Calle de la Amargura, 18, 3º B, 28012 Madrid",
        "C/ Mayor 5, 2º izda., 50001 Zaragoza",
        "Via Garibaldi 42, 10122 Torino",
        "Via Nazionale 200, 00184 Roma (RM)",
        "Piazza San Marco 12/A, 30124 Venezia VE",
        "Prinsengracht 287, 1016 GW Amsterdam",
        "Dorpsstraat 114-b, 3521 CD Utrecht",
        "Rua das Laranjeiras, 245, apto 302, Rio de Janeiro - RJ, 22240-003",
        "Av. Paulista, 1578, Bela Vista, São Paulo - SP, 01310-200",
        "Flat 3B, Sai Residency, 14th Cross, Indiranagar, Bengaluru 560038",
        "ul. Kwiatowa 12/4, 00-950 Warszawa",
        "Storgatan 18, 114 55 Stockholm",
        "Nørrebrogade 52B, 2200 København N",
        "Karl Johans gate 22, 0159 Oslo",
        "Mannerheimintie 12 A 5, 00100 Helsinki",
        "Dlouhá 33, 110 00 Praha 1",
        "Bağdat Caddesi 114, 34740 Kadıköy/İstanbul",
    ] {
        for text in [
            format!("at {address}."),
            address.to_owned(),
            format!("Address: {address}\nTel."),
            format!("({address})"),
        ] {
            assert_eq!(found(&text, Kind::Address), [address], "{text}");
        }
    }
}

#[test]
fn what_only_looks_like_one() {
    for text in [
        "Turn left after 200 metres and drive 5 miles down the road.",
        "We have 3 way calls, 2 court dates and 12 lane miles.",
        "Top 10 Street Food Places",
        "Route 66 and Highway 101 were closed. Wall Street fell 2 %.",
        "Parkplatz 14 ist frei, Arbeitsplatz 7 auch.",
        "Chapter 7, 2019 Edition",
        "La via per 3 amici",
        "Blutdruck BP 140/90",
        "Windows 11, 23456 Users",
        "IP address: 192.0.2.10 and port 80",
        "E-mail address: jo 5 at home",
    ] {
        assert!(
            found(text, Kind::Address).is_empty(),
            "{text}: {:?}",
            found(text, Kind::Address)
        );
    }
}
