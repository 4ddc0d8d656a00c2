//! Sotto's host process. The binary is thin; everything that it does is here, so that tests and fuzz targets reach it.

pub mod audit;
mod block_on;
pub mod broker;
pub mod caller;
pub mod cli;
pub mod cloud;
mod commands;
pub mod compiled;
pub mod doctor;
pub mod engine;
pub mod extension;
pub mod hand_over;
pub mod host;
pub mod install;
pub mod models;
pub mod personal;
pub mod providers;
pub mod quarantine;
pub mod sandbox;
pub mod store;
pub mod update;
pub mod wire;
pub mod worker;
