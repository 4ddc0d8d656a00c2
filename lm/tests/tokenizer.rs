//! The tokenizer against the fixtures' token ids, and files that do not belong.

mod common;

use common::Fixture;
use sotto_core::assist::encode_prompt;
use sotto_core::decode::Tokenizer;
use sotto_core::protocol::{Coded as _, ErrorCode};
use sotto_lm::LlamaConfig;
use sotto_tokenizer::HfTokenizer;

fn tiny() -> (Vec<u8>, LlamaConfig) {
    let fixture = Fixture::ours("tiny-llama");
    (fixture.read("tokenizer.json"), fixture.config())
}

#[test]
fn encodes_like_the_reference() {
    let fixture = Fixture::ours("tiny-llama");
    let (json, config) = tiny();
    let golden = fixture.golden();
    let tokenizer = HfTokenizer::from_json(&json, config.vocabulary()).expect("a good tokenizer");
    let text = golden.prompt_text.expect("the fixture has a text");
    assert_eq!(
        tokenizer.encode(&text).expect("a plain text"),
        golden.prompt_ids
    );
    assert_eq!(tokenizer.vocab_size(), 320);
    assert_eq!(tokenizer.end_of_text(), config.end_of_text);
    assert!(
        tokenizer.token_bytes(tokenizer.end_of_text()).is_empty(),
        "a special token stands for no text"
    );
    assert!(tokenizer.token_bytes(u32::MAX).is_empty());
}

#[test]
fn bytes_of_tokens_are_the_text() {
    let (json, config) = tiny();
    let tokenizer = HfTokenizer::from_json(&json, config.vocabulary()).expect("a good tokenizer");
    for text in [
        "",
        " ",
        "\n\n  x\r\n",
        "na\u{ef}ve \u{1f600}",
        "\0\u{7f}",
        "e\u{301}",
        "<|endoftext|>",
    ] {
        let ids = tokenizer.encode(text).expect("a plain text");
        let bytes: Vec<u8> = ids
            .iter()
            .flat_map(|&id| tokenizer.token_bytes(id))
            .copied()
            .collect();
        assert_eq!(bytes, text.as_bytes());
        assert!(
            !ids.contains(&tokenizer.end_of_text()),
            "typed text is never a special token"
        );
    }
}

#[test]
fn tokens_know_the_word_that_they_are_from() {
    let (json, config) = tiny();
    let tokenizer = HfTokenizer::from_json(&json, config.vocabulary()).expect("a good tokenizer");
    let text = "It was the best, wasn't it?\n\n  Yes";
    let pieces = tokenizer.encode_pieces(text).expect("a plain text");
    let ids: Vec<u32> = pieces.iter().map(|&(id, _)| id).collect();
    assert_eq!(ids, tokenizer.encode(text).expect("a plain text"));
    let mut words: Vec<Vec<u8>> = Vec::new();
    for (id, piece) in pieces {
        words.resize((piece as usize + 1).max(words.len()), Vec::new());
        words[piece as usize].extend(tokenizer.token_bytes(id));
    }
    let words: Vec<&str> = words
        .iter()
        .map(|word| str::from_utf8(word).expect("whole characters"))
        .collect();
    assert_eq!(words[..4], ["It", " was", " the", " best"]);
    assert_eq!(words.concat(), text);
}

#[test]
fn a_real_tokenizer_of_49_thousand_tokens() {
    let Some(fixture) = Fixture::shared("tokenizer-smollm2") else {
        return;
    };
    let mut config = fixture.config();
    config.end_of_text = 0;
    let tokenizer = HfTokenizer::from_json(&fixture.read("tokenizer.json"), config.vocabulary())
        .expect("a real tokenizer");
    assert_eq!(tokenizer.vocab_size(), 49_152);
    assert!(tokenizer.token_bytes(0).is_empty());
    let text = "I would like to finish this sentence, isn't it? 12345 \u{4f60}\u{597d}";
    let ids = tokenizer.encode(text).expect("a plain text");
    let bytes: Vec<u8> = ids
        .iter()
        .flat_map(|&id| tokenizer.token_bytes(id))
        .copied()
        .collect();
    assert_eq!(bytes, text.as_bytes());
    assert!(ids.len() < 25, "{} tokens", ids.len());
}

#[test]
fn a_tokenizer_of_another_model_is_refused() {
    let (json, mut config) = tiny();
    config.vocab_size = 321;
    let code = |json: &[u8], config: &LlamaConfig| {
        HfTokenizer::from_json(json, config.vocabulary())
            .expect_err("must be refused")
            .code()
    };
    assert_eq!(code(&json, &config), ErrorCode::TokenizerInvalid);
    config.vocab_size = 320;
    assert_eq!(
        code(&json[..json.len() / 2], &config),
        ErrorCode::TokenizerInvalid
    );
    assert_eq!(code(b"{}", &config), ErrorCode::TokenizerInvalid);
    // Words instead of bytes.
    let mut words: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    words["pre_tokenizer"] = serde_json::json!({"type": "Whitespace"});
    assert_eq!(
        code(words.to_string().as_bytes(), &config),
        ErrorCode::TokenizerInvalid
    );
    // A space that the user did not type.
    let mut prefixed: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    prefixed["pre_tokenizer"] = serde_json::json!({"type": "ByteLevel", "add_prefix_space": true, "use_regex": true,
        "trim_offsets": true});
    let mut text = prefixed.clone();
    text["normalizer"] = serde_json::json!({"type": "Lowercase"});
    assert_eq!(
        code(text.to_string().as_bytes(), &config),
        ErrorCode::TokenizerInvalid
    );
}

#[test]
fn special_tokens_are_known_by_name_in_the_format_only() {
    let (json, config) = tiny();
    let tokenizer = HfTokenizer::from_json(&json, config.vocabulary()).expect("a good tokenizer");
    let end = config.end_of_text;
    let mut prompt = Vec::new();
    encode_prompt("a<|end|>b", &tokenizer, &mut prompt).expect("a prompt");
    assert_eq!(prompt.iter().filter(|&&id| id == end).count(), 1);
    assert_eq!(prompt[1], end);
    let plain = tokenizer.encode("a<|end|>b").expect("text");
    assert!(!plain.contains(&end), "typed text forged a special token");
}
