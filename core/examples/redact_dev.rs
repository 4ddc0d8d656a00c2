#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    dead_code,
    unreachable_pub
)]
extern crate sotto_core;
#[path = "../../tests/eval/src/redact/score.rs"]
mod score;
use score::*;
use sotto_core::redact::*;
use std::collections::BTreeMap;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let quiet = args.iter().any(|a| a == "-q");
    let mut all: BTreeMap<Kind, Counts> = BTreeMap::new();
    if args[1] == "plain" {
        let text = std::fs::read_to_string(&args[2]).unwrap();
        let t = std::time::Instant::now();
        let f = find(&text, &Settings::default());
        eprintln!("{} bytes {} finds {:?}", text.len(), f.len(), t.elapsed());
        for x in f {
            let s = text.floor_char_boundary(x.start.saturating_sub(30));
            let e = text.ceil_char_boundary((x.end + 30).min(text.len()));
            println!(
                "{}\t{:?}\t{}\t[{}]\t{}",
                x.kind.name(),
                x.reason,
                x.confidence_percent,
                &text[x.range()].replace('\n', "⏎"),
                text[s..e].replace('\n', "⏎")
            );
        }
        return;
    }
    for line in std::fs::read_to_string(&args[1]).unwrap().lines() {
        let v: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = v["text"].as_str().unwrap();
        let chars: Vec<char> = text.chars().collect();
        let spans: Vec<Span> = v["spans"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| Span {
                kind: Kind::from_name(s["kind"].as_str().unwrap()).unwrap(),
                range: s["start"].as_u64().unwrap() as usize..s["end"].as_u64().unwrap() as usize,
            })
            .collect();
        let found = find(text, &Settings::default());
        let finds: Vec<Span> = found
            .iter()
            .map(|f| Span {
                kind: f.kind,
                range: text[..f.start].chars().count()..text[..f.end].chars().count(),
            })
            .collect();
        let ig: Vec<_> = v["ignore"]
            .as_array()
            .map(|a| {
                a.iter()
                    .map(|s| {
                        s["start"].as_u64().unwrap() as usize..s["end"].as_u64().unwrap() as usize
                    })
                    .collect()
            })
            .unwrap_or_default();
        for (k, c) in compare(&spans, &ig, &finds) {
            all.entry(k).or_default().add(&c);
        }
        if quiet {
            continue;
        }
        let cut = |r: &std::ops::Range<usize>| {
            chars[r.clone()]
                .iter()
                .collect::<String>()
                .replace('\n', "⏎")
        };
        let ok = |a: &Span, b: &Span| {
            let sh = a
                .range
                .end
                .min(b.range.end)
                .saturating_sub(a.range.start.max(b.range.start));
            a.kind == b.kind && 2 * sh >= a.range.len() && 2 * sh >= b.range.len() && sh > 0
        };
        for s in &spans {
            if !finds.iter().any(|f| ok(f, s)) {
                println!(
                    "MISS {} {} [{}] -> {:?}",
                    v["id"],
                    s.kind.name(),
                    cut(&s.range),
                    finds
                        .iter()
                        .filter(|f| f.range.start < s.range.end && s.range.start < f.range.end)
                        .map(|f| (f.kind.name(), cut(&f.range)))
                        .collect::<Vec<_>>()
                );
            } else if !finds.iter().any(|f| f == s) {
                println!(
                    "EDGE {} {} [{}] -> {:?}",
                    v["id"],
                    s.kind.name(),
                    cut(&s.range),
                    finds
                        .iter()
                        .filter(|f| ok(f, s))
                        .map(|f| cut(&f.range))
                        .collect::<Vec<_>>()
                );
            }
        }
        for (f, o) in finds.iter().zip(&found) {
            if !spans.iter().any(|s| ok(f, s)) {
                println!(
                    "FALSE {} {} [{}] {:?} {}",
                    v["id"],
                    f.kind.name(),
                    cut(&f.range),
                    o.reason,
                    o.confidence_percent
                );
            }
        }
    }
    let mut sum = Counts::default();
    for (k, c) in &all {
        sum.add(c);
        let f = c.figures();
        println!(
            "{:15} n {:4} recall {:.3} precision {:.3} exact {:.3} coverage {:.3} found {}",
            k.name(),
            f.n,
            f.recall.unwrap_or(f64::NAN),
            f.precision.unwrap_or(f64::NAN),
            f.exact_recall.unwrap_or(f64::NAN),
            f.coverage.unwrap_or(f64::NAN),
            f.found
        );
    }
    let f = sum.figures();
    println!(
        "ALL n {} recall {:.3} precision {:.3} exact {:.3} coverage {:.3}",
        f.n,
        f.recall.unwrap(),
        f.precision.unwrap(),
        f.exact_recall.unwrap(),
        f.coverage.unwrap()
    );
}
