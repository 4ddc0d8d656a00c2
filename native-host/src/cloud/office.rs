//! A desk with its courier: what the broker holds.

use std::path::Path;
use std::sync::{Arc, Mutex};

use sotto_core::protocol::{CloudSetting, CloudStatus, HostRequest};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::client::Timeouts;
use super::courier::{News, TaskCourier, now_ms};
use super::desk::{Desk, Telling};
use super::endpoint::Endpoint;
use super::enterprise::EnterprisePolicy;
use super::error::SetupError;
use super::http::HttpTransport;
use super::keys::KeyFile;
use super::setup::{ReadSetup, Setup, SetupFiles};
use crate::store::{Store, StoreError};

type Connect = fn(&Endpoint) -> Result<HttpTransport, SetupError>;

/// The real desk and the real courier.
pub struct Office {
    desk: Desk<TaskCourier<Connect>, Box<dyn ReadSetup>>,
    news: UnboundedReceiver<News>,
}

impl std::fmt::Debug for Office {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Office(..)")
    }
}

impl Office {
    /// The office of a data directory.
    ///
    /// # Errors
    /// [`StoreError`] if nothing could be written down; nothing may be sent then.
    pub fn open(home: &Path) -> Result<Self, StoreError> {
        let setup = Box::new(SetupFiles::new(home));
        Ok(Self::new(Store::open(home)?, KeyFile::new(home), setup))
    }

    /// One that knows no endpoint and sends nothing.
    pub fn closed() -> Option<Self> {
        let store = Store::in_memory().ok()?;
        let setup = Box::new(Nothing);
        Some(Self::new(store, KeyFile::new(Path::new("")), setup))
    }

    fn new(store: Store, key_file: KeyFile, setup: Box<dyn ReadSetup>) -> Self {
        let (sender, news) = unbounded_channel();
        let store = Arc::new(Mutex::new(store));
        let connect: Connect = HttpTransport::new;
        let timeouts = Timeouts::default();
        let courier = TaskCourier::new(connect, timeouts, Arc::clone(&store), key_file, sender);
        Self {
            desk: Desk::new(courier, setup, store),
            news,
        }
    }

    /// A message from the browser.
    pub fn handle(&mut self, request: HostRequest) -> Vec<Telling> {
        self.desk.handle(request, now_ms())
    }

    /// Waits for what comes next. Safe to drop while it waits.
    pub async fn next(&mut self) -> Vec<Telling> {
        match self.news.recv().await {
            Some(news) => self.desk.heard(news, now_ms()),
            // The desk holds a sender: this cannot be.
            None => std::future::pending().await,
        }
    }

    /// The endpoint as it stands.
    pub fn status(&mut self) -> CloudStatus {
        self.desk.status(now_ms())
    }
}

/// No endpoint, and nobody who could set one up.
struct Nothing;

impl ReadSetup for Nothing {
    fn read(&self) -> Setup {
        Setup {
            endpoint: Ok(None),
            setting: CloudSetting::Off,
            enterprise: EnterprisePolicy::NONE,
        }
    }

    fn forget(&self) -> Result<(), SetupError> {
        Ok(())
    }
}
