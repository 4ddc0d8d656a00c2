//! Carries tokens to their endpoint in tasks of their own, and tells what comes back.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use sotto_core::audit::Event;
use sotto_core::consent::ConsentToken;
use sotto_core::protocol::Passphrase;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::timeout;

use super::client::{Client, Completed, Gate, Timeouts};
use super::endpoint::{Endpoint, KeyPlace};
use super::error::{CloudError, SetupError};
use super::keys::{self, ApiKey, KeyError, KeyFile, in_keyring};
use super::price::Usage;
use super::throttle::Throttle;
use super::transport::Transport;
use crate::store::{Allowance, Denied, SendId, Store};

/// How long the user may take to unlock the system's keyring.
const KEYRING: Duration = Duration::from_secs(60);

/// What [`super::Desk`] needs done. The real one is [`TaskCourier`]; a test's only writes down what it was given.
pub trait Courier {
    /// Sends what the token holds. News come as [`News`] with this id.
    fn send(&mut self, id: u32, token: ConsentToken, endpoint: &Endpoint, dispatch: Dispatch);

    /// Ends a sending; nothing more is heard of it that matters. Whether anything of it left the device.
    fn abort(&mut self, id: u32) -> bool;

    /// Forgets every key, also the one of `endpoint` in the keyring. The end comes as [`News::Forgotten`].
    fn forget(&mut self, id: u32, endpoint: Option<Endpoint>);

    /// Opens the file with the key of `endpoint`. The end comes as [`News::Unlocked`].
    fn unlock(&mut self, id: u32, passphrase: Passphrase, endpoint: &Endpoint);

    /// Whether the key of `endpoint`, which is in a file, was opened.
    fn is_unlocked(&self, endpoint: &Endpoint) -> bool;
}

/// What goes with a token.
#[derive(Debug, Clone)]
pub struct Dispatch {
    /// What it could cost at most.
    pub estimate: Usage,
    /// Written down before each try.
    pub sent: Event,
}

/// What a courier has to tell.
#[derive(Debug)]
pub enum News {
    /// More of an answer.
    Text {
        /// Which sending.
        id: u32,
        /// What comes next.
        text: String,
    },
    /// The sending is over.
    Ended {
        /// Which.
        id: u32,
        /// How.
        result: Result<Completed, CloudError>,
        /// Whether anything of it left the device.
        has_left: bool,
    },
    /// The keys are forgotten, or one could not be.
    Forgotten {
        /// The request's id.
        id: u32,
        /// How it went.
        result: Result<(), KeyError>,
    },
    /// A passphrase was tried.
    Unlocked {
        /// The request's id.
        id: u32,
        /// Whether it opened the key.
        result: Result<(), KeyError>,
    },
}

/// The real one.
#[derive(Debug)]
pub struct TaskCourier<F> {
    connect: F,
    timeouts: Timeouts,
    news: UnboundedSender<News>,
    tasks: BTreeMap<u32, Task>,
    store: Arc<Mutex<Store>>,
    throttle: Option<(Limits, Arc<Throttle>)>,
    key_file: KeyFile,
    unlocked: Arc<Mutex<Option<Unlocked>>>,
}

/// One sending that is under way.
#[derive(Debug)]
struct Task {
    handle: AbortHandle,
    has_left: Arc<AtomicBool>,
}

/// Limits that a throttle was made for.
type Limits = (u32, u32);

#[derive(Debug)]
struct Unlocked {
    origin: String,
    key: Arc<ApiKey>,
}

impl<T, F> TaskCourier<F>
where
    T: Transport + Send + Sync + 'static,
    F: Fn(&Endpoint) -> Result<T, SetupError>,
{
    /// A courier whose way to an endpoint is what `connect` makes.
    pub fn new(
        connect: F,
        timeouts: Timeouts,
        store: Arc<Mutex<Store>>,
        key_file: KeyFile,
        news: UnboundedSender<News>,
    ) -> Self {
        Self {
            connect,
            timeouts,
            news,
            tasks: BTreeMap::new(),
            store,
            throttle: None,
            key_file,
            unlocked: Arc::default(),
        }
    }

    /// The throttle for the endpoint's limits; a new one where they were changed.
    fn throttle(&mut self, endpoint: &Endpoint) -> Result<Arc<Throttle>, CloudError> {
        let limits = (endpoint.config().per_minute, endpoint.config().per_day);
        if let Some((known, throttle)) = &self.throttle
            && *known == limits
        {
            return Ok(Arc::clone(throttle));
        }
        let sent = lock(&self.store)
            .sent(now_ms())
            .map_err(|error| CloudError::Records(error.into()))?;
        let throttle = Arc::new(Throttle::new(limits.0, limits.1, sent));
        self.throttle = Some((limits, Arc::clone(&throttle)));
        Ok(throttle)
    }

    fn prepared(
        &mut self,
        endpoint: &Endpoint,
        dispatch: Dispatch,
    ) -> Result<(Client<T>, Turnstile), CloudError> {
        let transport = (self.connect)(endpoint)?;
        let config = endpoint.config();
        let price = |usage| config.price.as_ref().map_or(0, |price| price.micros(usage));
        let turnstile = Turnstile {
            store: Arc::clone(&self.store),
            throttle: self.throttle(endpoint)?,
            allowance: Allowance {
                per_day: config.per_day,
                cap_micros: config.cap_micros,
            },
            estimate_micros: price(dispatch.estimate),
            sent: dispatch.sent,
            has_left: Arc::default(),
            current: Mutex::default(),
        };
        Ok((Client::new(transport, self.timeouts), turnstile))
    }
}

impl<T, F> Courier for TaskCourier<F>
where
    T: Transport + Send + Sync + 'static,
    F: Fn(&Endpoint) -> Result<T, SetupError>,
{
    fn send(&mut self, id: u32, token: ConsentToken, endpoint: &Endpoint, dispatch: Dispatch) {
        let news = self.news.clone();
        let (client, turnstile) = match self.prepared(endpoint, dispatch) {
            Ok(prepared) => prepared,
            Err(error) => {
                // Nobody listens only when the host ends.
                let _ = news.send(News::Ended {
                    id,
                    result: Err(error),
                    has_left: false,
                });
                return;
            }
        };
        let key = match endpoint.config().key {
            KeyPlace::None => Key::None,
            KeyPlace::Keyring => Key::Keyring(endpoint.origin()),
            KeyPlace::File => Key::Unlocked(self.key_for(endpoint)),
        };
        let price = endpoint.config().price.clone();
        let has_left = Arc::clone(&turnstile.has_left);
        let task = tokio::spawn(async move {
            let result = async {
                let key = key.get().await?;
                let text = |text: &str| {
                    let text = text.to_owned();
                    let _ = news.send(News::Text { id, text });
                };
                client.send(token, key.as_deref(), &turnstile, text).await
            };
            let result = result.await;
            match &result {
                Ok(Completed {
                    usage: Some(usage), ..
                }) => turnstile.settle(price.map_or(0, |price| price.micros(*usage))),
                Err(error) if error.is_free() => turnstile.settle(0),
                // Nobody knows; it counts as what it could have cost.
                _ => {}
            }
            let has_left = turnstile.has_left.load(Ordering::Relaxed);
            let _ = news.send(News::Ended {
                id,
                result,
                has_left,
            });
        });
        self.tasks.retain(|_, task| !task.handle.is_finished());
        let handle = task.abort_handle();
        self.tasks.insert(id, Task { handle, has_left });
    }

    fn abort(&mut self, id: u32) -> bool {
        let Some(task) = self.tasks.remove(&id) else {
            return false;
        };
        task.handle.abort();
        task.has_left.load(Ordering::Relaxed)
    }

    fn forget(&mut self, id: u32, endpoint: Option<Endpoint>) {
        *lock(&self.unlocked) = None;
        let (news, file) = (self.news.clone(), self.key_file.clone());
        tokio::spawn(async move {
            let forgotten = spawn_blocking(move || keys::forget(endpoint.as_ref(), &file));
            let result = match timeout(KEYRING, forgotten).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) | Err(_) => Err(KeyError::Locked),
            };
            let _ = news.send(News::Forgotten { id, result });
        });
    }

    fn unlock(&mut self, id: u32, passphrase: Passphrase, endpoint: &Endpoint) {
        let origin = endpoint.origin();
        let (news, file) = (self.news.clone(), self.key_file.clone());
        let unlocked = Arc::clone(&self.unlocked);
        // A thread of its own: it computes for half a second on purpose.
        spawn_blocking(move || {
            let result = file.open(&origin, passphrase.0).map(|key| {
                *lock(&unlocked) = Some(Unlocked {
                    origin,
                    key: Arc::new(key),
                });
            });
            let _ = news.send(News::Unlocked { id, result });
        });
    }

    fn is_unlocked(&self, endpoint: &Endpoint) -> bool {
        self.key_for(endpoint).is_some()
    }
}

impl<F> TaskCourier<F> {
    fn key_for(&self, endpoint: &Endpoint) -> Option<Arc<ApiKey>> {
        let unlocked = lock(&self.unlocked);
        let known = unlocked.as_ref()?;
        (known.origin == endpoint.origin()).then(|| Arc::clone(&known.key))
    }
}

/// Everything that is on its way ends with the host, or with the desk.
impl<F> Drop for TaskCourier<F> {
    fn drop(&mut self) {
        for task in self.tasks.values() {
            task.handle.abort();
        }
    }
}

/// Where the key for one sending comes from.
enum Key {
    None,
    Keyring(String),
    Unlocked(Option<Arc<ApiKey>>),
}

impl Key {
    async fn get(self) -> Result<Option<Arc<ApiKey>>, CloudError> {
        match self {
            Self::None => Ok(None),
            Self::Unlocked(Some(key)) => Ok(Some(key)),
            Self::Unlocked(None) => Err(KeyError::Locked.into()),
            Self::Keyring(origin) => {
                let looked_up = spawn_blocking(move || in_keyring::get(&origin));
                let key = timeout(KEYRING, looked_up)
                    .await
                    .map_err(|_| KeyError::Locked)?
                    .map_err(|_| CloudError::Internal("the keyring's thread ended"))??;
                Ok(Some(Arc::new(key)))
            }
        }
    }
}

/// Lets tries out, and writes down what they may cost.
#[derive(Debug)]
struct Turnstile {
    store: Arc<Mutex<Store>>,
    throttle: Arc<Throttle>,
    allowance: Allowance,
    estimate_micros: u32,
    sent: Event,
    has_left: Arc<AtomicBool>,
    /// The try that is out.
    current: Mutex<Option<SendId>>,
}

impl Gate for Turnstile {
    fn admit(&self) -> Result<(), CloudError> {
        let records = |error: crate::store::StoreError| CloudError::Records(error.into());
        // There is a next try only where the one before was refused: it cost nothing.
        self.settle(0);
        self.throttle.take()?;
        let mut store = lock(&self.store);
        let reserved = store.reserve(self.now_ms(), self.estimate_micros, self.allowance);
        match reserved.map_err(records)? {
            Ok(id) => {
                store
                    .record(self.now_ms(), |_| self.sent.clone())
                    .map_err(records)?;
                *lock(&self.current) = Some(id);
                // From here on it may.
                self.has_left.store(true, Ordering::Relaxed);
                Ok(())
            }
            Err(Denied::Cap) => Err(CloudError::BudgetSpent),
            Err(Denied::Day { wait_ms }) => Err(CloudError::Throttled {
                limit: self.allowance.per_day,
                period: "day",
                wait: Duration::from_millis(wait_ms),
            }),
        }
    }

    fn now_ms(&self) -> u64 {
        now_ms()
    }

    fn jitter(&self) -> f64 {
        // Where there is no randomness, nobody is spread.
        getrandom::u32().map_or(0.0, |random| f64::from(random) / f64::from(u32::MAX))
    }
}

impl Turnstile {
    /// What the try that is out really cost. Where that cannot be written, what it could have cost stands.
    fn settle(&self, micros: u32) {
        if let Some(id) = *lock(&self.current) {
            let _ = lock(&self.store).settle(id, micros);
        }
    }
}

/// Milliseconds since 1970; 0 where the clock is older than that, which ends every permission.
pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

/// A lock whose holder cannot have left anything half done: it is held for single statements only.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
