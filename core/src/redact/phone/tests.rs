//! Phone numbers, found and left alone.

use phonenumber::metadata::DATABASE;

use super::super::Kind;
use super::super::test_support::found;

#[test]
fn every_region_s_example_is_found() {
    let mut missed = Vec::new();
    let mut all = 0;
    for region in DATABASE.iter() {
        let kinds = region.descriptors();
        for example in [kinds.fixed_line(), kinds.mobile()]
            .into_iter()
            .flatten()
            .filter_map(|kind| kind.example())
        {
            all += 1;
            let number = format!("+{} {example}", region.country_code());
            if found(&format!("you can use {number}, then"), Kind::Phone) != [number.as_str()] {
                missed.push(number);
            }
        }
    }
    assert!(all > 400);
    assert_eq!(missed, Vec::<String>::new());
}

#[test]
fn national_numbers() {
    for number in [
        "(202) 555-0147",
        "202-555-0118",
        "202.555.0143",
        "1-800-555-0199",
        "1 800 555 0123",
        "020 7946 0321",
        "07700 900147",
        "07700900147",
        "(01632) 960 005",
        "0171/3920077",
        "0221/4710 188",
        "030 23125 014",
        "01 99 00 12 34",
        "06.39.98.45.67",
        "06-18273645",
        "0491 570 156",
        "(11) 91234-5678",
        "98765 43210",
        "138 0013 8000",
        "03-5555-0142",
        "8 (912) 345-67-89",
        "347 1234567",
    ] {
        for text in [
            format!("She has {number} now."),
            number.to_string(),
            format!("mobile: {number}, home"),
        ] {
            assert_eq!(found(&text, Kind::Phone), [number], "{text}");
        }
    }
}

#[test]
fn international_numbers() {
    for number in [
        "+1 (202) 555-0147",
        "+49 (0)69 90009-271",
        "+44 (0)161 496 0345",
        "+447700900731",
        "0049 30 23125 777",
        "+33 2 61 91 22 33",
        "+7 (495) 123-45-67",
        "+91-80-2345-6789",
        "+49-89-99998-300",
    ] {
        for text in [
            format!("dial {number} now."),
            number.to_string(),
            format!("({number})"),
            format!("T:{number};"),
        ] {
            assert_eq!(found(&text, Kind::Phone), [number], "{text}");
        }
    }
}

#[test]
fn a_label_makes_any_number_one() {
    for (text, number) in [
        ("Tel. 612 345 678", "612 345 678"),
        ("móvil: 612345678", "612345678"),
        ("call 555-0123", "555-0123"),
        ("Τηλ. 210 012 3456", "210 012 3456"),
        ("电话是 13800138000", "13800138000"),
        ("📞 91 123 45 67", "91 123 45 67"),
        ("Telefon\n12 34 56 78", "12 34 56 78"),
    ] {
        assert_eq!(found(text, Kind::Phone), [number], "{text}");
    }
}

#[test]
fn other_numbers_are_left_alone() {
    for text in [
        "ISBN 978-3-16-148410-0",
        "ISBN 0-306-40615-2",
        "0-306-40615-2",
        "2024-01-15 10:30",
        "01.02.2024",
        "01/02/2024 10:30",
        "order 202-555-0118",
        "Auftrag 0815-4711-22",
        "1 234 567,89 EUR",
        "612 345 678 habitants",
        "version 10.0.19041.1",
        "52.5200, 13.4050",
        "GMT+0200",
        "C++11",
        "1718112128",
        "2025-2026",
        "555-0123",
        "part 301-555-0172-X",
        "1000000007",
        "+12 %",
        "call me at 10.30",
        "call on 2025-06-11",
        "4111 1111 1111 1111",
        "a07700900147",
        "192.0.2.10",
        "123-45-6789",
    ] {
        assert!(
            found(text, Kind::Phone).is_empty(),
            "{text}: {:?}",
            found(text, Kind::Phone)
        );
    }
}
