//! Token healing: finds the most probable tokens that reproduce the bytes already typed.
//!
//! A half-typed word rarely ends where a token does, so prompting with it cuts the best continuations off. The bytes are
//! taken back and a best-first search over cumulative log-probability looks for token sequences that cover them.
//! Log-probabilities only fall along a sequence, so the first complete one that is better than every open one is the best.
//!
//! # Source
//! The idea is token healing as in guidance (github.com/guidance-ai/guidance); the search with a step budget is ours.

use super::{
    CachedDecoder, DecodeError, Decoder, LogProbs, TokenConfidence, TokenIndex, Tokenizer,
};
use crate::autocomplete::Pacer;

/// Tokens that reproduce the required bytes, and perhaps go beyond them.
#[derive(Debug, Clone, PartialEq)]
pub struct Healed {
    /// The tokens.
    pub tokens: Vec<u32>,
    /// Bytes of the last token that go beyond what was required.
    pub extra: Vec<u8>,
    /// Probability of these tokens among everything that agrees with the required bytes. Never too high: what was not
    /// looked into counts against it.
    pub prob: f32,
    /// Confidence of the last token.
    pub confidence: TokenConfidence,
}

/// A sequence of tokens that covers a part of the required bytes.
struct Open {
    tokens: Vec<u32>,
    covered: usize,
    log_prob: f32,
}

/// The best sequence so far that covers all of them.
struct Complete {
    tokens: Vec<u32>,
    extra: Vec<u8>,
    log_prob: f32,
    confidence: TokenConfidence,
}

/// Searches for the best tokens after `prompt` that reproduce `required`.
///
/// `root` are the log-probabilities after `prompt`. At most `max_steps` tokens go through the model. `None` if nothing
/// complete was found within them.
///
/// # Errors
/// As [`CachedDecoder::after`].
pub async fn heal<D: Decoder, T: Tokenizer>(
    cached: &mut CachedDecoder<D>,
    (tokenizer, index): (&T, &TokenIndex),
    (prompt, root): (&[u32], &LogProbs),
    required: &[u8],
    max_steps: usize,
    pacer: &mut impl Pacer,
) -> Result<Option<Healed>, DecodeError<D::Error>> {
    let mut search = Search {
        tokenizer,
        index,
        required,
        best: None,
        complete_mass: 0.0,
        open: Vec::new(),
    };
    search.expand(
        &Open {
            tokens: Vec::new(),
            covered: 0,
            log_prob: 0.0,
        },
        root,
    );
    let mut steps_left = max_steps;
    while let Some(next) = search.take_promising() {
        let ids = [prompt, &next.tokens].concat();
        let cost = cached.cost_of(&ids);
        if cost > steps_left {
            search.open.push(next);
            break;
        }
        steps_left -= cost;
        let log_probs = cached.after(&ids, pacer).await?;
        search.expand(&next, &log_probs);
    }
    Ok(search.finish())
}

struct Search<'a, T> {
    tokenizer: &'a T,
    index: &'a TokenIndex,
    required: &'a [u8],
    best: Option<Complete>,
    /// Probability of everything complete that was seen.
    complete_mass: f32,
    open: Vec<Open>,
}

impl<T: Tokenizer> Search<'_, T> {
    /// Adds all sequences that are one token longer than `from` and agree with the required bytes.
    fn expand(&mut self, from: &Open, log_probs: &LogProbs) {
        let rest = &self.required[from.covered..];
        let mut best: Option<(u32, f32)> = None;
        for &token in self.index.starting_with(self.tokenizer, rest) {
            let log_prob = from.log_prob + log_probs.log_prob(token);
            self.complete_mass += log_prob.exp();
            if log_prob > best.map_or(f32::NEG_INFINITY, |(_, best)| best) {
                best = Some((token, log_prob));
            }
        }
        if let Some((token, log_prob)) = best
            && self
                .best
                .as_ref()
                .is_none_or(|best| log_prob > best.log_prob)
        {
            self.best = Some(Complete {
                tokens: [from.tokens.as_slice(), &[token]].concat(),
                extra: self.tokenizer.token_bytes(token)[rest.len()..].to_vec(),
                log_prob,
                confidence: log_probs.confidence(token),
            });
        }
        for token in self.index.parts_of(self.tokenizer, rest) {
            let log_prob = from.log_prob + log_probs.log_prob(token);
            if log_prob > f32::NEG_INFINITY {
                self.open.push(Open {
                    tokens: [from.tokens.as_slice(), &[token]].concat(),
                    covered: from.covered + self.tokenizer.token_bytes(token).len(),
                    log_prob,
                });
            }
        }
    }

    /// The most probable open sequence, if something better than the best complete one may still come of it.
    fn take_promising(&mut self) -> Option<Open> {
        let (at, open) = self
            .open
            .iter()
            .enumerate()
            .max_by(|(_, a), (_, b)| a.log_prob.total_cmp(&b.log_prob))?;
        let is_promising = self
            .best
            .as_ref()
            .is_none_or(|best| open.log_prob > best.log_prob);
        is_promising.then(|| self.open.swap_remove(at))
    }

    fn finish(self) -> Option<Healed> {
        let best = self.best?;
        let open_mass: f32 = self.open.iter().map(|open| open.log_prob.exp()).sum();
        let mass = self.complete_mass + open_mass;
        // Underflow of both: a word so improbable that no suggestion can be sure of it.
        let prob = if mass > 0.0 {
            (best.log_prob.exp() / mass).clamp(0.0, 1.0)
        } else {
            0.0
        };
        Some(Healed {
            tokens: best.tokens,
            extra: best.extra,
            prob,
            confidence: best.confidence,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{CountingPacer, PieceTokenizer, TableDecoder, block_on};

    const PIECES: &[&str] = &[
        "Hello", " wor", "ld", " world", " work", " w", " the", " there", "re", " of", " in",
        " inter", "nation", "al", "est",
    ];

    struct Setup {
        tokenizer: PieceTokenizer,
        index: TokenIndex,
        cached: CachedDecoder<TableDecoder>,
    }

    fn setup(texts: &[&str]) -> Setup {
        let tokenizer = PieceTokenizer::new(PIECES);
        let lines: Vec<Vec<u32>> = texts
            .iter()
            .map(|text| tokenizer.encode(text).unwrap())
            .collect();
        let decoder = TableDecoder::new(tokenizer.vocab_size(), 128, &lines);
        Setup {
            index: TokenIndex::new(&tokenizer),
            cached: CachedDecoder::new(decoder),
            tokenizer,
        }
    }

    fn healed(
        setup: &mut Setup,
        before: &str,
        required: &str,
        max_steps: usize,
    ) -> Option<(String, Healed)> {
        let pacer = &mut CountingPacer::default();
        let prompt = setup.tokenizer.encode(before).unwrap();
        let root = block_on(setup.cached.prompt(&prompt, pacer)).unwrap();
        let parts = (&setup.tokenizer, &setup.index);
        let call = heal(
            &mut setup.cached,
            parts,
            (&prompt, &root),
            required.as_bytes(),
            max_steps,
            pacer,
        );
        let healed = block_on(call).unwrap()?;
        let extra = String::from_utf8(healed.extra.clone()).unwrap();
        Some((extra, healed))
    }

    #[test]
    fn a_half_word_is_completed_across_tokens() {
        let mut setup = setup(&["Hello world", "Hello world", "Hello work"]);
        let (extra, healed) = healed(&mut setup, "Hello", " wo", 8).unwrap();
        assert_eq!(extra, "rld");
        assert!((0.5..0.75).contains(&healed.prob), "{}", healed.prob);
        assert_eq!(self::healed(&mut setup, "Hello", " work", 8).unwrap().0, "");
    }

    #[test]
    fn a_space_asks_for_a_token_that_begins_with_it() {
        let mut setup = setup(&["Hello there", "Hello there of"]);
        assert_eq!(healed(&mut setup, "Hello", " ", 8).unwrap().0, "there");
    }

    #[test]
    fn a_word_of_several_tokens_is_followed() {
        let mut setup = setup(&["Hello internationalest"]);
        let (extra, healed) = healed(&mut setup, "Hello", " internationa", 8).unwrap();
        assert_eq!(extra, "l");
        assert_eq!(healed.tokens.len(), 3);
        assert!(healed.prob > 0.9);
    }

    #[test]
    fn the_budget_is_kept() {
        let mut setup = setup(&["Hello internationalest"]);
        let fed = |setup: &Setup| setup.cached.decoder().tokens_fed();
        healed(&mut setup, "Hello", "", 0);
        let before = fed(&setup);
        let cut_short = healed(&mut setup, "Hello", " internationa", 1);
        assert!(fed(&setup) <= before + 1);
        assert!(
            cut_short.is_none_or(|(_, healed)| healed.prob < 0.5),
            "what was not looked into counts against it"
        );
    }

    #[test]
    fn no_sequence_is_better_than_the_result() {
        let mut setup = setup(&[
            "Hello wor",
            "Hello world",
            "Hello work",
            "Hello the",
            "Hello there",
            "Hello in",
        ]);
        for required in [" w", " wor", " th", " the", " i", " ", "x", " wx"] {
            let (_, healed) = healed(&mut setup, "Hello", required, 64).unwrap();
            let prompt = setup.tokenizer.encode("Hello").unwrap();
            let mut found = 0.0;
            for at in 0..healed.tokens.len() {
                let ids = [prompt.as_slice(), &healed.tokens[..at]].concat();
                let log_probs =
                    block_on(setup.cached.after(&ids, &mut CountingPacer::default())).unwrap();
                found += log_probs.log_prob(healed.tokens[at]);
            }
            let best = best_by_brute_force(&mut setup, &prompt, required);
            assert!((found - best).abs() < 1e-4, "{required}: {found} {best}");
        }
    }

    /// Log-probability of the best of all sequences of at most three tokens.
    fn best_by_brute_force(setup: &mut Setup, prompt: &[u32], required: &str) -> f32 {
        let mut best = f32::NEG_INFINITY;
        let mut open = vec![(Vec::new(), 0.0f32, Vec::new())];
        while let Some((tokens, log_prob, bytes)) = open.pop() {
            let ids = [prompt, &tokens].concat();
            let log_probs =
                block_on(setup.cached.after(&ids, &mut CountingPacer::default())).unwrap();
            for token in 0..setup.tokenizer.vocab_size() as u32 {
                let piece = setup.tokenizer.token_bytes(token);
                let bytes: Vec<u8> = [bytes.as_slice(), piece].concat();
                let tokens = [tokens.as_slice(), &[token]].concat();
                let log_prob = log_prob + log_probs.log_prob(token);
                if piece.is_empty() || log_prob <= best {
                    continue;
                }
                if bytes.starts_with(required.as_bytes()) {
                    best = log_prob;
                } else if required.as_bytes().starts_with(&bytes) && tokens.len() < 3 {
                    open.push((tokens, log_prob, bytes));
                }
            }
        }
        best
    }
}
