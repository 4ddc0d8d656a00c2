//! IP addresses, both versions. Addresses that are the same on every machine (loopback, unspecified, masks) are no personal data.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::scan::{Class, Scan};
use super::vocabulary::REFERENCE;
use super::{Finding, Kind, Reason};

/// Longest IPv6 address as text, with an IPv4 tail.
const MAX_BYTES: usize = 45;

/// Addresses that begin at the token `index`.
pub(super) fn find(scan: &Scan<'_>, index: usize, found: &mut Vec<Finding>) {
    let Some(token) = scan.get(index) else { return };
    let is_start = match token.class {
        Class::Number | Class::Word => token.end - token.start <= 4,
        Class::Sign => scan.str(index) == ":" && scan.str(index + 1) == ":",
        _ => false,
    };
    let before = scan.char_before(token.start);
    // In `[2001:db8::1]:443` and `ip=192.0.2.1` it may begin; inside of a longer run it may not.
    let joined = before.is_some_and(|char| {
        char.is_alphanumeric()
            || matches!(char, '.' | ':' | '_') && token.class != Class::Sign
            || char == '-'
    });
    let colon = before == Some(':')
        && scan.text[..token.start - 1].ends_with(|char: char| char.is_alphabetic());
    if !is_start || joined && !colon {
        return;
    }
    let bytes = scan.text.as_bytes();
    let limit = bytes.len().min(token.start + MAX_BYTES + 1);
    let len = bytes[token.start..limit]
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
        .count();
    let run = scan.text[token.start..token.start + len].trim_end_matches(['.', ':']);
    // A port behind an address of version 4.
    let run = match (run.find('.'), run.find(':')) {
        (Some(dot), Some(colon)) if dot < colon => &run[..colon],
        _ => run,
    };
    // `::` at the end belongs to an address, `fe80::`.
    let run = if scan.text[token.start + run.len()..].starts_with("::") {
        &scan.text[token.start..token.start + run.len() + 2]
    } else {
        run
    };
    let range = token.start..token.start + run.len();
    let confidence = if run.contains(':') {
        version_6(scan, run, &range)
    } else {
        version_4(scan, index, run, &range)
    };
    if let Some((range, confidence)) = confidence {
        found.push(Finding::new(Kind::Ip, range, confidence, Reason::Structure));
    }
}

fn version_4(
    scan: &Scan<'_>,
    index: usize,
    run: &str,
    range: &Range<usize>,
) -> Option<(Range<usize>, u8)> {
    let address: Ipv4Addr = run.parse().ok()?;
    let after = scan.char_at(range.end);
    let goes_on = after.is_some_and(|char| char.is_alphanumeric() || char == '_')
        || matches!(after, Some('-'))
            && scan
                .char_at(range.end + 1)
                .is_some_and(char::is_alphanumeric);
    let octets = address.octets();
    let common =
        address.is_loopback() || address.is_unspecified() || octets[0] == 255 || octets[0] == 0;
    // `version 3.11.0.2`, `section 4.1.2.3` and `v1.2.3.4` are none.
    let label = scan.label_before(index, 3, REFERENCE);
    let text_before = scan.text[..range.start].trim_end_matches(' ');
    let numbered =
        label.is_some() && !text_before.ends_with(['=', '[', '(']) && !says_ip(scan, index);
    let small = octets.iter().filter(|&&octet| octet < 30).count() == 4 && !says_ip(scan, index);
    let excluded = goes_on || common || numbered || small && octets[0] != 10;
    (!excluded).then(|| (range.clone(), 92))
}

/// Whether one of the words before says that an address of a machine follows.
fn says_ip(scan: &Scan<'_>, index: usize) -> bool {
    let from = index.saturating_sub(6);
    scan.tokens[from..index].iter().any(|token| {
        let word = &scan.text[token.start..token.end];
        [
            "ip", "ipv4", "address", "host", "addr", "server", "gateway", "router", "dns",
            "adresse", "from", "src", "dst", "peer", "subnet",
        ]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
    })
}

fn version_6(scan: &Scan<'_>, run: &str, range: &Range<usize>) -> Option<(Range<usize>, u8)> {
    // A port may follow without brackets: nothing tells it from a group, so the longest address counts.
    let address: Ipv6Addr = run.parse().ok()?;
    let after = scan.char_at(range.end);
    let goes_on = after.is_some_and(|char| char.is_alphanumeric() || matches!(char, '_' | ':'));
    let segments = address.segments();
    // `a::b`, `fe::ed` and the like are names of programs: an address has a first group of three digits or more, or five groups.
    let groups = run.split(':').filter(|group| !group.is_empty()).count();
    let written = run.split(':').next().map_or(0, str::len);
    let has_digit = run.bytes().any(|byte| byte.is_ascii_digit());
    let mapped = address.to_ipv4_mapped().is_some();
    let plausible = mapped || has_digit && (written >= 3 && segments[0] >= 0x100 || groups >= 5);
    (!goes_on && !address.is_loopback() && !address.is_unspecified() && plausible)
        .then(|| (range.clone(), 94))
}

#[cfg(test)]
mod tests {
    use super::super::test_support::found;
    use super::*;

    #[test]
    fn both_versions() {
        for address in [
            "192.0.2.61",
            "203.0.113.250",
            "10.0.4.12",
            "2001:db8:85a3::8a2e:370:7334",
            "2001:db8:1234:5678:9abc:def0:1234:5678",
            "fe80::200:5eff:fe00:5301",
            "::ffff:192.0.2.128",
            "2001:DB8::1F",
        ] {
            for text in [
                format!("at {address}, since"),
                address.to_string(),
                format!("ip={address}"),
                format!("[{address}]:443"),
                format!("({address})/24"),
                format!("{address}%eth0"),
            ] {
                assert_eq!(found(&text, Kind::Ip), [address], "{text}");
            }
        }
        assert_eq!(found("at 192.0.2.1:8080.", Kind::Ip), ["192.0.2.1"]);
        assert_eq!(found("http://192.0.2.1:8080/a", Kind::Ip), ["192.0.2.1"]);
        assert_eq!(found("src:192.0.2.1", Kind::Ip), ["192.0.2.1"]);
    }

    #[test]
    fn versions_times_and_programs_are_none() {
        for text in [
            "127.0.0.1",
            "0.0.0.0:80",
            "255.255.255.0",
            "::1",
            "::",
            "version 110.4.2.1",
            "release 3.11.0.2",
            "v192.0.2.1",
            "OID 1.3.6.1.4.1",
            "192.0.2",
            "192.0.2.256",
            "192.0.2.1.5",
            "12:34:56",
            "std::vector",
            "a::b",
            "fe::ed",
            "de:ad:be:ef:00:01",
            "16:9:4",
        ] {
            assert!(found(text, Kind::Ip).is_empty(), "{text}");
        }
    }
}
