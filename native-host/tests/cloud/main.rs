//! The way to an endpoint and back: consent, faults, limits. Everything on this machine; time stands still where something
//! waits for it.

mod audit;
mod client;
mod desk;
mod faults;
mod http;
mod property;
mod support;
