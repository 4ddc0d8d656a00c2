//! Which figures a page shows, and how.

/// How a figure is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum As {
    Percent,
    /// With so many digits.
    Digits(usize),
    Count,
}

/// A column: its heading, the path of the figure, how it is written.
pub(super) type Column = (&'static str, &'static str, As);

/// A table: its heading, the commands whose results it shows, its columns.
pub(super) type Table = (&'static str, &'static [&'static str], &'static [Column]);

pub(super) const TABLES: &[Table] = &[
    (
        "Language",
        &["language", "ngram"],
        &[
            ("bits per byte", "bitsPerByte", As::Digits(4)),
            ("recall@1", "recallAt1", As::Percent),
            ("recall@3", "recallAt3", As::Percent),
            (
                "most frequent words, recall@1",
                "wordFrequency.recallAt1",
                As::Percent,
            ),
            ("words", "words", As::Count),
            ("bytes", "bytes", As::Count),
            ("stride", "stride", As::Count),
        ],
    ),
    (
        "Suggestions",
        &["autocomplete"],
        &[
            ("precision when shown", "precisionWhenShown", As::Percent),
            ("coverage", "coverage", As::Percent),
            ("wrong", "wrongShow", As::Percent),
            (
                "silent where it should be",
                "suppressionAccuracy",
                As::Percent,
            ),
            ("characters saved a caret", "charactersSaved", As::Digits(2)),
            ("insert cases", "insertCases", As::Count),
            ("suppress cases", "suppressCases", As::Count),
        ],
    ),
    (
        "Typing",
        &["autocomplete"],
        &[
            ("keystrokes saved", "keystrokesSaved", As::Percent),
            (
                "before the cost of wrong ones",
                "typing.savedBeforeCost",
                As::Percent,
            ),
            (
                "precision when shown",
                "typing.precisionWhenShown",
                As::Percent,
            ),
            (
                "wrong per 100 characters",
                "typing.wrongPerHundredCharacters",
                As::Digits(2),
            ),
            ("characters", "typing.characters", As::Count),
            ("median ms", "typing.medianMs", As::Digits(1)),
            ("p95 ms", "typing.p95Ms", As::Digits(1)),
        ],
    ),
    (
        "Summaries",
        &["summarize"],
        &[
            ("ROUGE-1", "rouge1", As::Digits(3)),
            ("ROUGE-2", "rouge2", As::Digits(3)),
            ("ROUGE-L", "rougeL", As::Digits(3)),
            ("lead-3 ROUGE-L", "lead3RougeL", As::Digits(3)),
            ("extractive ROUGE-L", "extractiveRougeL", As::Digits(3)),
            ("unsupported", "unsupportedRate", As::Percent),
            ("written by the model", "abstractiveShare", As::Percent),
        ],
    ),
    (
        "Chat",
        &["chat"],
        &[
            ("token F1", "tokenF1", As::Percent),
            (
                "bits per byte of the references",
                "bitsPerByte",
                As::Digits(4),
            ),
            ("measured", "measuredShare", As::Percent),
        ],
    ),
    (
        "Thresholds",
        &["calibrate"],
        &[
            ("target", "target", As::Percent),
            ("precision", "reported.precisionWhenShown", As::Percent),
            ("coverage", "reported.coverage", As::Percent),
            ("wrong", "reported.wrongShow", As::Percent),
            (
                "calibration error",
                "reliability.expectedCalibrationError",
                As::Percent,
            ),
        ],
    ),
    (
        "Canaries",
        &["canaries"],
        &[
            ("canaries", "canaries", As::Count),
            ("leaks of a parrot", "parrot.leaks", As::Count),
            ("of its carets", "parrot.carets", As::Count),
            ("leaks of the model", "model.leaks", As::Count),
            ("listed words shown", "openings.listed", As::Count),
        ],
    ),
];
