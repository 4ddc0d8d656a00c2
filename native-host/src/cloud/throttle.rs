//! How many requests may go out: a bucket per minute and one per day. Each try takes a token out of both; a bucket that
//! was emptied at once fills again over its period.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::error::CloudError;

const MINUTE: Duration = Duration::from_secs(60);

/// A day.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Both buckets.
#[derive(Debug)]
pub struct Throttle<C: Clock + Clone = DefaultClock> {
    minute: Bucket<C>,
    day: Bucket<C>,
}

#[derive(Debug)]
struct Bucket<C: Clock + Clone> {
    limit: NonZeroU32,
    period: &'static str,
    clock: C,
    limiter: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
}

impl Throttle {
    /// Buckets for the limits, less what was sent in the last minute and day: the host may have ended in between. All of
    /// that is taken out, also what would have come in since, so that a restart never gives more.
    pub fn new(per_minute: u32, per_day: u32, sent: Sent) -> Self {
        Self::with_clock(per_minute, per_day, sent, &DefaultClock::default())
    }
}

/// Requests that went out already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// In the last minute.
    pub last_minute: u32,
    /// In the last day.
    pub last_day: u32,
}

impl<C: Clock + Clone> Throttle<C> {
    /// As [`Throttle::new`], with the time from `clock`.
    pub fn with_clock(per_minute: u32, per_day: u32, sent: Sent, clock: &C) -> Self {
        Self {
            minute: Bucket::new(per_minute, MINUTE, "minute", sent.last_minute, clock),
            day: Bucket::new(per_day, DAY, "day", sent.last_day, clock),
        }
    }

    /// Takes a token out of both buckets.
    ///
    /// # Errors
    /// [`CloudError::Throttled`] if one is empty. A token that was taken out of the other one is gone.
    pub fn take(&self) -> Result<(), CloudError> {
        self.day.take()?;
        self.minute.take()
    }
}

impl<C: Clock + Clone> Bucket<C> {
    fn new(limit: u32, period: Duration, name: &'static str, used: u32, clock: &C) -> Self {
        // The settings are checked; zero would be a bucket that never fills.
        let limit = NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(period / limit.get())
            .unwrap_or(Quota::per_hour(NonZeroU32::MIN))
            .allow_burst(limit);
        let limiter = RateLimiter::direct_with_clock(quota, clock.clone());
        if let Some(used) = NonZeroU32::new(used.min(limit.get())) {
            // A full bucket holds as many.
            let _ = limiter.check_n(used);
        }
        Self {
            limit,
            period: name,
            clock: clock.clone(),
            limiter,
        }
    }

    fn take(&self) -> Result<(), CloudError> {
        self.limiter
            .check()
            .map_err(|not_until| CloudError::Throttled {
                limit: self.limit.get(),
                period: self.period,
                wait: not_until.wait_time_from(self.clock.now()),
            })
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn taken(throttle: &Throttle<FakeRelativeClock>) -> u32 {
        (0..).find(|_| throttle.take().is_err()).unwrap()
    }

    #[test]
    fn a_minute_has_its_requests_and_no_more() {
        let clock = FakeRelativeClock::default();
        let throttle = Throttle::with_clock(3, 100, Sent::default(), &clock);
        assert_eq!(taken(&throttle), 3);
        let refused = throttle.take().unwrap_err();
        assert_eq!(
            refused.to_string(),
            "The 3 requests that you allow per minute are used up. Try again in 20 seconds."
        );
        clock.advance(Duration::from_secs(19));
        assert_eq!(taken(&throttle), 0);
        clock.advance(Duration::from_secs(1));
        assert_eq!(taken(&throttle), 1);
        clock.advance(Duration::from_secs(3_600));
        assert_eq!(
            taken(&throttle),
            3,
            "no more than a minute's, however long nobody asked"
        );
    }

    #[test]
    fn a_day_has_its_requests_and_no_more() {
        let clock = FakeRelativeClock::default();
        let throttle = Throttle::with_clock(1_000, 4, Sent::default(), &clock);
        assert_eq!(taken(&throttle), 4);
        clock.advance(Duration::from_secs(60));
        let refused = throttle.take().unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("per day are used up. Try again in 6 hours"),
            "{refused}"
        );
        clock.advance(DAY / 4);
        assert_eq!(taken(&throttle), 1);
    }

    #[test]
    fn a_restart_gives_nothing_back() {
        let clock = FakeRelativeClock::default();
        let sent = |last_minute, last_day| Sent {
            last_minute,
            last_day,
        };
        assert_eq!(taken(&Throttle::with_clock(5, 100, sent(3, 3), &clock)), 2);
        assert_eq!(taken(&Throttle::with_clock(5, 7, sent(0, 4), &clock)), 3);
        assert_eq!(taken(&Throttle::with_clock(5, 7, sent(0, 7), &clock)), 0);
        assert_eq!(
            taken(&Throttle::with_clock(5, 7, sent(9_999, 9_999), &clock)),
            0
        );
    }
}
