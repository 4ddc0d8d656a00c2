//! Whether and when to try again. **Never once anything was streamed**, and never where the endpoint may be at work
//! already: that would be paid for twice.

use std::time::Duration;

use super::error::CloudError;

/// Tries in all.
pub(super) const MAX_ATTEMPTS: u32 = 3;

/// Longest wait that an endpoint may ask for; a person would have given up.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// Wait before the second try; doubled for each further one.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// How long to wait before the next try; none if there is none. `attempt` counts from 1; `jitter` is in 0..=1 and spreads the
/// tries of several clients.
pub(super) fn wait(
    error: &CloudError,
    attempt: u32,
    has_streamed: bool,
    jitter: f64,
) -> Option<Duration> {
    if has_streamed || attempt >= MAX_ATTEMPTS {
        return None;
    }
    let backoff = FIRST_WAIT * 2u32.pow(attempt.saturating_sub(1).min(8));
    let backoff = backoff.mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 2.0);
    match error {
        CloudError::RateLimited { retry_after }
        | CloudError::Failed {
            status: 503,
            retry_after,
        } => match retry_after {
            Some(asked) => (*asked <= MAX_WAIT).then_some(backoff.max(*asked)),
            None => Some(backoff),
        },
        CloudError::Unreachable(_)
        | CloudError::Failed {
            status: 500 | 502 | 504,
            ..
        } => Some(backoff),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(status: u16) -> CloudError {
        CloudError::Failed {
            status,
            retry_after: None,
        }
    }

    fn limited(seconds: u64) -> CloudError {
        CloudError::RateLimited {
            retry_after: Some(Duration::from_secs(seconds)),
        }
    }

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<_> = (1..5)
            .map(|attempt| wait(&failed(500), attempt, false, 0.0))
            .collect();
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(waits, [ms(500), ms(1000), None, None]);
        assert_eq!(wait(&failed(502), 1, false, 1.0), ms(750));
        assert_eq!(wait(&failed(502), 1, false, f64::INFINITY), ms(750));
    }

    #[test]
    fn what_the_endpoint_asks_for_is_kept_to_a_point() {
        assert_eq!(
            wait(&limited(7), 1, false, 0.0),
            Some(Duration::from_secs(7))
        );
        assert_eq!(
            wait(&limited(0), 1, false, 0.0),
            Some(FIRST_WAIT),
            "never at once"
        );
        assert_eq!(wait(&limited(20), 1, false, 0.0), Some(MAX_WAIT));
        assert_eq!(wait(&limited(21), 1, false, 0.0), None);
    }

    #[test]
    fn nothing_is_tried_again_behind_a_stream_or_for_good_reasons() {
        assert_eq!(wait(&failed(500), 1, true, 0.0), None);
        let silence = Duration::from_secs(60);
        for error in [
            CloudError::Unauthorized { status: 401 },
            CloudError::Rejected { status: 400 },
            failed(501),
            CloudError::Redirected,
            CloudError::Invalid("x"),
            CloudError::TooLarge { limit_bytes: 1 },
            CloudError::Timeout { silence },
            CloudError::Cut(None),
            CloudError::Tls("x".into()),
            CloudError::FailedMidway,
            CloudError::BudgetSpent,
        ] {
            assert_eq!(wait(&error, 1, false, 0.0), None, "{error}");
        }
    }
}
