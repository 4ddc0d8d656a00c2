//! The command line. Three commands with named options: no library needed.

use std::ffi::OsString;
use std::path::PathBuf;

use sotto_core::pack::Runtime;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Make(MakeOptions),
    Verify { pack: PathBuf },
    Keygen { out: PathBuf },
}

/// Options of `make`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MakeOptions {
    /// Which engine the files are for.
    pub(crate) runtime: Runtime,
    /// For burn a folder with `config.json`, `tokenizer.json`, `model.safetensors`; for ONNX Runtime see `make_onnx`.
    pub(crate) blobs: PathBuf,
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) license: String,
    /// Folder to write; replaced if it holds a pack.
    pub(crate) out: PathBuf,
    /// File with the signing key's seed.
    pub(crate) key: PathBuf,
    /// File with the manifest's `suggestion` object.
    pub(crate) suggestion: Option<PathBuf>,
}

/// What is wrong with the command line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("no command given")]
    NoCommand,
    #[error("unknown command or option: {0}")]
    Unknown(String),
    #[error("{0} is given twice")]
    Twice(String),
    #[error("{0} needs a value")]
    NoValue(String),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is not valid here")]
    Invalid(&'static str),
}

/// Licence of the weights that this repository makes: parts of the training text are ShareAlike.
const DEFAULT_LICENSE: &str = "CC-BY-SA-4.0";

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Command, UsageError> {
    let (command, rest) = arguments.split_first().ok_or(UsageError::NoCommand)?;
    match command.to_str() {
        Some("make") => {
            let mut options = Options::read(
                rest,
                &[
                    "--blobs",
                    "--name",
                    "--version",
                    "--license",
                    "--out",
                    "--key",
                    "--suggestion",
                    "--runtime",
                ],
            )?;
            Ok(Command::Make(MakeOptions {
                runtime: runtime(options.optional("--runtime"))?,
                blobs: options.required("--blobs")?.into(),
                name: text("--name", options.required("--name")?)?,
                version: text("--version", options.required("--version")?)?
                    .parse()
                    .map_err(|_| UsageError::Invalid("--version"))?,
                license: options
                    .optional("--license")
                    .map_or(Ok(DEFAULT_LICENSE.into()), |license| {
                        text("--license", license)
                    })?,
                out: options.required("--out")?.into(),
                key: options.required("--key")?.into(),
                suggestion: options.optional("--suggestion").map(PathBuf::from),
            }))
        }
        Some("verify") => match rest {
            [pack] => Ok(Command::Verify { pack: pack.into() }),
            [] => Err(UsageError::Missing("the pack's folder")),
            [_, other, ..] => Err(UsageError::Unknown(other.to_string_lossy().into_owned())),
        },
        Some("keygen") => {
            let mut options = Options::read(rest, &["--out"])?;
            Ok(Command::Keygen {
                out: options.required("--out")?.into(),
            })
        }
        Some("help" | "--help" | "-h") => Ok(Command::Help),
        _ => Err(UsageError::Unknown(command.to_string_lossy().into_owned())),
    }
}

/// `--name value` pairs.
struct Options(Vec<(String, OsString)>);

impl Options {
    fn read(arguments: &[OsString], known: &[&str]) -> Result<Self, UsageError> {
        let mut read: Vec<(String, OsString)> = Vec::new();
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let name = name.to_string_lossy().into_owned();
            if !known.contains(&name.as_str()) {
                return Err(UsageError::Unknown(name));
            }
            if read.iter().any(|(other, _)| *other == name) {
                return Err(UsageError::Twice(name));
            }
            let value = rest
                .next()
                .ok_or_else(|| UsageError::NoValue(name.clone()))?;
            read.push((name, value.clone()));
        }
        Ok(Self(read))
    }

    fn optional(&mut self, name: &str) -> Option<OsString> {
        let at = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.swap_remove(at).1)
    }

    fn required(&mut self, name: &'static str) -> Result<OsString, UsageError> {
        self.optional(name).ok_or(UsageError::Missing(name))
    }
}

fn runtime(name: Option<OsString>) -> Result<Runtime, UsageError> {
    match name.as_deref().map(|name| name.to_str()) {
        None | Some(Some("burn")) => Ok(Runtime::Burn),
        Some(Some("onnx")) => Ok(Runtime::Onnx),
        Some(_) => Err(UsageError::Invalid("--runtime")),
    }
}

fn text(name: &'static str, value: OsString) -> Result<String, UsageError> {
    value.into_string().map_err(|_| UsageError::Invalid(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, UsageError> {
        parse(
            &line
                .split_whitespace()
                .map(OsString::from)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn commands() {
        let Ok(Command::Make(options)) =
            parsed("make --key k --blobs b --version 3 --out o --name n")
        else {
            panic!()
        };
        assert_eq!(
            (
                options.version,
                options.license.as_str(),
                options.suggestion
            ),
            (3, "CC-BY-SA-4.0", None)
        );
        assert_eq!(options.runtime, Runtime::Burn);
        assert!(matches!(
            parsed("make --key k --blobs b --version 3 --out o --name n --runtime onnx"),
            Ok(Command::Make(MakeOptions {
                runtime: Runtime::Onnx,
                ..
            }))
        ));
        assert_eq!(
            parsed("verify dir"),
            Ok(Command::Verify { pack: "dir".into() })
        );
        assert_eq!(
            parsed("keygen --out key"),
            Ok(Command::Keygen { out: "key".into() })
        );
        assert_eq!(parsed("--help"), Ok(Command::Help));
    }

    #[test]
    fn wrong_usage_is_named() {
        for (line, error) in [
            ("", UsageError::NoCommand),
            ("sign", UsageError::Unknown("sign".into())),
            ("verify", UsageError::Missing("the pack's folder")),
            ("verify a b", UsageError::Unknown("b".into())),
            ("keygen --out", UsageError::NoValue("--out".into())),
            ("keygen --out a --out b", UsageError::Twice("--out".into())),
            ("keygen --size 3", UsageError::Unknown("--size".into())),
            (
                "make --name n --version 1 --out o --key k",
                UsageError::Missing("--blobs"),
            ),
            (
                "make --blobs b --name n --version x --out o --key k",
                UsageError::Invalid("--version"),
            ),
            (
                "make --blobs b --name n --version 1 --out o --key k --runtime jax",
                UsageError::Invalid("--runtime"),
            ),
        ] {
            assert_eq!(parsed(line), Err(error), "{line}");
        }
    }
}
