//! What tokens cost, and how much of a request's cost is known before it is sent.

use serde::{Deserialize, Serialize};
use sotto_core::protocol::Cost;

/// Bytes of a payload that make one token, at least, on average: English has four, most other languages three or more.
const BYTES_PER_TOKEN: usize = 3;

/// Prices are given for this many tokens.
const TOKENS_PER_PRICE: u64 = 1_000_000;

/// What a million tokens cost, in millionths of the currency's unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Price {
    /// A million tokens of what is sent.
    pub input_micros: u32,
    /// A million tokens of the answer.
    pub output_micros: u32,
    /// As the user wrote it: `USD`.
    pub currency: String,
}

/// Tokens of one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Of what was sent.
    pub input_tokens: u32,
    /// Of the answer.
    pub output_tokens: u32,
}

impl Price {
    /// What these tokens cost, rounded up.
    pub fn micros(&self, usage: Usage) -> u32 {
        let input = u64::from(usage.input_tokens) * u64::from(self.input_micros);
        let output = u64::from(usage.output_tokens) * u64::from(self.output_micros);
        let micros = input.saturating_add(output).div_ceil(TOKENS_PER_PRICE);
        u32::try_from(micros).unwrap_or(u32::MAX)
    }

    /// [`Self::micros`] with its currency.
    pub fn cost(&self, micros: u32) -> Cost {
        Cost {
            micros,
            currency: self.currency.clone(),
        }
    }
}

impl Usage {
    /// What a payload of this length can come to, if its answer is as long as it may be.
    pub fn at_most(payload_bytes: usize, max_tokens: u32) -> Self {
        Self {
            input_tokens: u32::try_from(payload_bytes.div_ceil(BYTES_PER_TOKEN))
                .unwrap_or(u32::MAX),
            output_tokens: max_tokens,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(input_micros: u32, output_micros: u32) -> Price {
        Price {
            input_micros,
            output_micros,
            currency: "USD".into(),
        }
    }

    #[test]
    fn prices_are_for_a_million_tokens_and_rounded_up() {
        let usage = |input_tokens, output_tokens| Usage {
            input_tokens,
            output_tokens,
        };
        // 2.50 and 10.00 for a million.
        let price = price(2_500_000, 10_000_000);
        assert_eq!(price.micros(usage(1_000, 200)), 2_500 + 2_000);
        assert_eq!(price.micros(usage(1, 0)), 3);
        assert_eq!(price.micros(usage(0, 0)), 0);
        assert_eq!(price.micros(usage(u32::MAX, u32::MAX)), u32::MAX);
    }

    #[test]
    fn an_estimate_counts_every_byte() {
        let usage = Usage::at_most(301, 50);
        assert_eq!((usage.input_tokens, usage.output_tokens), (101, 50));
    }
}
