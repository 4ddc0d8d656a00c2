//! The crate as its users see it: a pack is verified, its settings reach the completer, a suggestion comes out and is
//! consumed by typing.

use sotto_core::autocomplete::{CompleteError, Completer, Suggestion};
use sotto_core::backend;
use sotto_core::decode::Tokenizer as _;
use sotto_core::pack::{BlobRole, PackError, trusted_keys, verify_manifest};
use sotto_core::protocol::{
    Backend, BackendMeasurements, Coded as _, ErrorCode, FieldHints, SuggestOutcome,
    SuppressionReason, WireError,
};
use sotto_core::suggestion::{SuggestionSettings, advance};
use sotto_core::test_support::{CountingPacer, PieceTokenizer, TableDecoder, block_on};
use sotto_core::text::CaretText;

fn completer(settings: SuggestionSettings) -> Completer<TableDecoder, PieceTokenizer> {
    let tokenizer = PieceTokenizer::new(&["Good", " morning", " everyone", " every", " one", ","]);
    let text = [
        &[0],
        tokenizer
            .encode("Good morning, everyone")
            .unwrap()
            .as_slice(),
    ]
    .concat();
    let decoder = TableDecoder::new(tokenizer.vocab_size(), 128, &[text]);
    Completer::new(decoder, tokenizer, settings).expect("decoder and tokenizer fit")
}

fn suggest(settings: SuggestionSettings, text: &str, caret_utf16: usize) -> Suggestion {
    let caret = CaretText::at(text, caret_utf16).expect("the caret is in the text");
    let (before, after) = (caret.before.into_owned(), caret.after.into_owned());
    let pacer = &mut CountingPacer::default();
    block_on(completer(settings).suggest(&before, &after, FieldHints::default(), pacer))
        .expect("nothing was told to fail")
}

#[test]
fn a_suggestion_is_shown_and_typed_through() {
    let suggestion = suggest(SuggestionSettings::default(), "🙂 Good mor", 11);
    let SuggestOutcome::Show { text, confidence } = suggestion.outcome else {
        panic!("nothing shown")
    };
    assert_eq!(text, "ning, everyone");
    assert!(confidence > 0.9);
    assert_eq!(advance(&text, "ning,"), Some(" everyone"));
    assert_eq!(advance(&text, "ning!"), None);
}

#[test]
fn settings_of_a_pack_are_obeyed() {
    let settings: SuggestionSettings = serde_json::from_str(r#"{"maxWords": 1}"#).unwrap();
    let suggestion = suggest(settings, "Good mor", 8);
    assert!(matches!(suggestion.outcome, SuggestOutcome::Show { text, .. } if text == "ning,"));
    let settings: SuggestionSettings = serde_json::from_str(r#"{"minProbLongStem": 1.0}"#).unwrap();
    let suppressed = SuggestOutcome::Suppress {
        reason: SuppressionReason::LowConfidence,
    };
    assert_eq!(suggest(settings, "Good mor", 8).outcome, suppressed);
}

#[test]
fn errors_travel_with_code_and_without_text() {
    let error = verify_manifest(b"{}", &[0; 64], &trusted_keys(), None).unwrap_err();
    assert_eq!(error, PackError::Signature);
    let wire = WireError::new(&error);
    assert_eq!(
        (wire.code, wire.retryable),
        (ErrorCode::PackSignatureInvalid, false)
    );

    let nothing = BackendMeasurements {
        requested: Some(Backend::Webgpu),
        measurements: vec![],
    };
    assert_eq!(
        backend::choose(&nothing).unwrap_err().code(),
        ErrorCode::BackendUnavailable
    );

    let error: CompleteError<PackError, PackError> =
        CompleteError::Decoder(PackError::BlobMissing(BlobRole::Weights));
    assert_eq!(error.code(), ErrorCode::PackBlobMissing);
    assert!(
        CompleteError::<PackError, PackError>::Cancelled
            .code()
            .retryable()
    );
}
