//! `sotto-release`: keys, roots and releases. See docs/updates.md for who holds which key and what to do when one is lost.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use jiff::{SignedDuration, Timestamp};
use sotto_release::{
    Expiries, Key, Options, PublicKey, ReleaseError, Report, Roles, Signers, read_root, refresh,
    release, rotate, write_root,
};
use tough::schema::RoleType;

/// Builds and signs the releases that `sotto-host update` reads.
#[derive(Debug, Parser)]
#[command(name = "sotto-release", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key: NAME.key, which is secret, and NAME.pub
    Keygen {
        /// Its role and a number: root-1, targets-2, snapshot-1, timestamp-1
        name: String,
        /// Folder for both files
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the first root, or the next one after a change of keys
    Root {
        /// Folder of the release
        #[arg(long)]
        out: PathBuf,
        /// Folder with the .pub files of every key that is to be valid from now on
        #[arg(long)]
        keys: PathBuf,
        /// How many of root's keys have to sign
        #[arg(long, default_value_t = 2)]
        root_threshold: u64,
        /// How many of targets' keys have to sign
        #[arg(long, default_value_t = 2)]
        targets_threshold: u64,
        /// Secret keys of root that sign; after a change those of the root before as well
        #[arg(long, required = true, num_args = 1..)]
        sign: Vec<PathBuf>,
        /// How long it is good, in days
        #[arg(long, default_value_t = 365)]
        days: i64,
    },
    /// Release packs, with patches from what is out there
    Release {
        #[command(flatten)]
        common: Common,
        /// Folders of packs
        #[arg(long = "pack", required = true, num_args = 1..)]
        packs: Vec<PathBuf>,
        /// Folders of older packs to make patches from, beside those of the last release
        #[arg(long, num_args = 1..)]
        from: Vec<PathBuf>,
    },
    /// Sign the last release again before it expires
    Refresh {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Args)]
struct Common {
    /// Folder of the release
    #[arg(long)]
    out: PathBuf,
    /// Secret keys of targets, snapshot and timestamp
    #[arg(long, required = true, num_args = 1..)]
    sign: Vec<PathBuf>,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(said) => {
            let _ = writeln!(io::stdout(), "{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "sotto-release: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<String, ReleaseError> {
    let now = Timestamp::now();
    match command {
        Command::Keygen { name, out } => {
            let key = Key::generate()?;
            fs::create_dir_all(&out).map_err(|source| ReleaseError::File {
                path: out.clone(),
                source,
            })?;
            let role = name.split('-').next().unwrap_or_default();
            key.write(&out.join(format!("{name}.key")), role)?;
            key.write_public(&out.join(format!("{name}.pub")))?;
            Ok(format!("{name}: keep the .key file offline"))
        }
        Command::Root {
            out,
            keys,
            root_threshold,
            targets_threshold,
            sign,
            days,
        } => {
            let public = |role: &str| public_keys(&keys, role);
            let roles = Roles {
                root: (public("root")?, root_threshold),
                targets: (public("targets")?, targets_threshold),
                snapshot: (public("snapshot")?, 1),
                timestamp: (public("timestamp")?, 1),
            };
            let signers = secret_keys(&sign)?;
            let expires = now + SignedDuration::from_hours(24 * days);
            let expires = Timestamp::from_second(expires.as_second()).unwrap_or(expires);
            let root = match read_root(&out) {
                Ok(_) => rotate(&out, &roles, expires, &signers)?,
                Err(_) => write_root(&out, &roles, 1, expires, &signers)?,
            };
            Ok(format!(
                "root version {}, good until {}",
                root.signed.version, root.signed.expires
            ))
        }
        Command::Release {
            common,
            packs,
            from,
        } => {
            let options = Options {
                out: common.out.clone(),
                packs,
                from,
                expiries: Expiries::default(),
                now,
            };
            let report = release(&options, &signers(&common)?)?;
            Ok(described(&report))
        }
        Command::Refresh { common } => {
            let options = Options {
                out: common.out.clone(),
                packs: vec![],
                from: vec![],
                expiries: Expiries::default(),
                now,
            };
            let report = refresh(&options, &signers(&common)?)?;
            Ok(described(&report))
        }
    }
}

fn described(report: &Report) -> String {
    let mut said = format!("release {}", report.version);
    for (_, to, patch, whole) in &report.patches {
        let share = *patch as f64 * 100.0 / (*whole).max(1) as f64;
        said += &format!("\n  {to}: patch of {patch} bytes, {share:.1} % of {whole}");
    }
    said
}

/// Sorts keys into the roles that the newest root gives them.
fn signers(common: &Common) -> Result<Signers, ReleaseError> {
    let root = read_root(&common.out)?;
    let mut signers = Signers::default();
    for key in secret_keys(&common.sign)? {
        let has = |role: RoleType| {
            let keys = root.signed.roles.get(&role);
            keys.is_some_and(|keys| keys.keyids.contains(&key.id()))
        };
        for (role, place) in [
            (RoleType::Targets, &mut signers.targets),
            (RoleType::Snapshot, &mut signers.snapshot),
            (RoleType::Timestamp, &mut signers.timestamp),
        ] {
            if has(role) {
                place.push(key.clone());
            }
        }
    }
    Ok(signers)
}

fn secret_keys(paths: &[PathBuf]) -> Result<Vec<Key>, ReleaseError> {
    paths.iter().map(|path| Key::read(path)).collect()
}

/// The public keys of a role: every `ROLE-*.pub` of a folder, by name.
fn public_keys(folder: &Path, role: &str) -> Result<Vec<PublicKey>, ReleaseError> {
    let failed = |source| ReleaseError::File {
        path: folder.into(),
        source,
    };
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(failed)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&format!("{role}-")) && name.ends_with(".pub")
        })
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| sotto_release::read_public(path))
        .collect()
}
