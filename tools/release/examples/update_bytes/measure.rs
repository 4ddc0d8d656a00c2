//! What a device fetches to get from one pack to another, and what else it could have been.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;

use serde_json::{Value, json};
use sotto_core::pack::Manifest;

use crate::Failure;
use crate::tune::{Kind, layer, tensors};

/// A pack in memory: role and bytes of each blob.
#[derive(Clone)]
pub(crate) struct Pack {
    name: String,
    /// Bytes of manifest and signature.
    signed_bytes: usize,
    blobs: Vec<(String, Vec<u8>)>,
}

impl Pack {
    pub(crate) fn read(dir: &Path) -> Result<Self, Failure> {
        let json = fs::read(dir.join("manifest.json"))?;
        let manifest: Manifest = serde_json::from_slice(&json)?;
        let read = |blob: &sotto_core::pack::Blob| {
            let bytes = fs::read(dir.join("blobs").join(blob.sha256.to_string()))?;
            Ok::<_, Failure>((blob.role.to_string(), bytes))
        };
        Ok(Self {
            name: format!("{} version {}", manifest.name, manifest.version),
            signed_bytes: json.len() + 64,
            blobs: manifest.blobs.iter().map(read).collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn bytes(&self) -> usize {
        self.blobs.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// Layers of the model.
    pub(crate) fn layers(&self) -> Result<usize, Failure> {
        let tensors = tensors(self.blob("weights")?)?;
        Ok(tensors
            .keys()
            .filter_map(|name| layer(name))
            .max()
            .map_or(0, |last| last + 1))
    }

    /// The same pack with another blob in this role.
    pub(crate) fn edited(
        &self,
        role: &str,
        edit: impl FnOnce(&[u8]) -> Result<Vec<u8>, Failure>,
    ) -> Result<Self, Failure> {
        let fresh = edit(self.blob(role)?)?;
        let mut pack = self.clone();
        for (known, bytes) in &mut pack.blobs {
            if known == role {
                bytes.clone_from(&fresh);
            }
        }
        Ok(pack)
    }

    fn blob(&self, role: &str) -> Result<&[u8], Failure> {
        let blob = self.blobs.iter().find(|(known, _)| known == role);
        Ok(&blob.ok_or("the pack lacks a blob")?.1)
    }

    fn as_one_file(&self) -> Vec<u8> {
        self.blobs
            .iter()
            .flat_map(|(_, bytes)| bytes)
            .copied()
            .collect()
    }
}

/// One case.
pub(crate) fn measure(case: &str, what: &str, old: &Pack, new: &Pack) -> Result<Value, Failure> {
    let mut fetched = new.signed_bytes;
    let mut blobs = Vec::new();
    let mut entropy = 0.0;
    for ((role, before), (_, after)) in old.blobs.iter().zip(&new.blobs) {
        if before == after {
            continue;
        }
        let patch = sotto_patch::make(before, after)?;
        let method = format!("{:?}", sotto_patch::Header::read(&patch)?.0.method);
        if sotto_patch::apply(
            &patch,
            before,
            sotto_core::pack::sha256(after),
            u32::try_from(after.len())?,
        )? != *after
        {
            return Err("a patch does not give what it should".into());
        }
        fetched += patch.len().min(after.len());
        if role == "weights" {
            entropy += entropy_of_differences(before, after)?;
        }
        blobs.push(json!({
            "role": role, "wholeBytes": after.len(), "patchBytes": patch.len(), "method": method,
            "bsdiffBytes": bsdiff(before, after)?, "zstdPatchFromBytes": patch_from(before, after)?,
        }));
    }
    let (before, after) = (old.as_one_file(), new.as_one_file());
    Ok(json!({
        "case": case,
        "what": what,
        "fullBytes": new.bytes(),
        "fetchBytes": fetched,
        "percent": (fetched as f64 * 1e4 / new.bytes() as f64).round() / 100.0,
        "blobs": blobs,
        "naiveBytes": { "zstdPatchFrom": patch_from(&before, &after)?, "bsdiff": bsdiff(&before, &after)? },
        "entropyBytes": (entropy > 0.0).then_some(entropy.ceil() as u64),
    }))
}

/// What `zstd --patch-from --ultra -19 --long` makes of it.
fn patch_from(old: &[u8], new: &[u8]) -> Result<usize, Failure> {
    let mut encoder = zstd::stream::Encoder::with_ref_prefix(Vec::new(), 19, old)?;
    encoder.long_distance_matching(true)?;
    encoder.window_log(25)?;
    encoder.set_pledged_src_size(Some(new.len() as u64))?;
    encoder.write_all(new)?;
    Ok(encoder.finish()?.len())
}

fn bsdiff(old: &[u8], new: &[u8]) -> Result<usize, Failure> {
    let mut patch = Vec::new();
    qbsdiff::Bsdiff::new(old, new)
        .compression_level(9)
        .compare(Cursor::new(&mut patch))?;
    Ok(patch.len())
}

/// Bytes that the differences have at least, weight by weight: see the report.
fn entropy_of_differences(old: &[u8], new: &[u8]) -> Result<f64, Failure> {
    let (before, after) = (tensors(old)?, tensors(new)?);
    let mut bytes = 0.0;
    for (name, tensor) in &after {
        let new = &new[tensor.start..tensor.end];
        let old = before
            .get(name)
            .map(|tensor| &old[tensor.start..tensor.end]);
        match old {
            Some(old) if old == new => {}
            Some(old) if tensor.kind != Kind::Other && old.len() == new.len() => {
                let mut counts = [0_u32; 256];
                for (new, old) in new.iter().zip(old) {
                    match tensor.kind {
                        Kind::Int4 => {
                            for shift in [0, 4] {
                                let difference =
                                    (new >> shift & 15).wrapping_sub(old >> shift & 15);
                                counts[usize::from(difference)] += 1;
                            }
                        }
                        _ => counts[usize::from(new.wrapping_sub(*old))] += 1,
                    }
                }
                let all = f64::from(counts.iter().sum::<u32>());
                for count in counts.into_iter().filter(|&count| count > 0).map(f64::from) {
                    bytes -= count * (count / all).log2() / 8.0;
                }
            }
            _ => bytes += new.len() as f64,
        }
    }
    Ok(bytes)
}
