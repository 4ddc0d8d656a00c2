//! Names, found and left alone.

use super::super::Kind;
use super::super::test_support::found;

fn names(text: &str) -> Vec<String> {
    found(text, Kind::Person)
}

#[test]
fn given_name_and_surname() {
    for name in [
        "Anna Schmidt",
        "Priya Raghunathan",
        "José Ángel Núñez",
        "Łukasz Wójcik",
        "Jean-Baptiste Mbarga",
        "Siobhán O'Connell",
        "Femke van der Wouden",
        "Tobias R. Eichendorff",
        "Ibrahim al-Farsi",
        "Алексей Воронцов",
        "Γιώργος Νικολαΐδης",
        "Will Smith",
    ] {
        for text in [
            format!("I spoke to {name} yesterday."),
            format!("{name} is here."),
            format!("The man ({name}) left."),
        ] {
            assert_eq!(names(&text), [name], "{text}");
        }
    }
}

#[test]
fn a_place_for_a_name() {
    for (text, expected) in [
        ("Mr Pemberton called.", vec!["Pemberton"]),
        ("Sehr geehrte Frau Dr. Hollerbach,", vec!["Hollerbach"]),
        ("Dear Xochitl,\nthank you", vec!["Xochitl"]),
        ("Best regards,\nXochitl Quux", vec!["Xochitl Quux"]),
        ("Name: Xochitl Quux", vec!["Xochitl Quux"]),
        ("my husband Xochitl came", vec!["Xochitl"]),
        ("My name is Xochitl Quux.", vec!["Xochitl Quux"]),
        ("hi priya, can you", vec!["priya"]),
        ("tomasz: who did it", vec!["tomasz"]),
        ("Mark said that Grace was late", vec!["Mark", "Grace"]),
        ("Hope's car is red, said Hope", vec!["Hope"]),
        ("\"Quux\" <quux@example.org>", vec!["Quux"]),
    ] {
        assert_eq!(names(text), expected, "{text}");
    }
}

#[test]
fn parts_of_a_full_name_come_back() {
    assert_eq!(
        names("Ludmila Horáčková joined. Horáčková leads it."),
        ["Ludmila Horáčková", "Horáčková"]
    );
    assert!(names("Horáčková leads it.").is_empty());
}

#[test]
fn words_places_and_companies_are_none() {
    for text in [
        "Will the report be ready by May?",
        "Mark the tickets; I hope the grant covers it.",
        "We flew from San Francisco to New York in April.",
        "Visual Studio Code and Google Chrome",
        "The Turing Award and Dijkstra's algorithm",
        "Johnson & Johnson and Goldman Sachs",
        "Dear Customer, Hi all, Hello World, Dear Sir or Madam",
        "Quarterly Business Review: Key Takeaways",
        "Die Rechnung für die Bestellung wurde vom Kunden bezahlt.",
        "Central Park, Victoria Station, Harvard University",
        "Vitamin C. The plan B. It works.",
        "https://example.com/Anna",
        "anna_schmidt.txt, Anna.txt",
        "Happy New Year!",
    ] {
        assert!(names(text).is_empty(), "{text}: {:?}", names(text));
    }
}
