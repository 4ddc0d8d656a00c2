//! Exported files on their way to or from the browser, chunk by chunk, because no message may be larger than a mebibyte. They
//! are sealed, so that nothing here is secret; **what comes in has a bound, an order and sums**.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sotto_core::pack::sha256;
use sotto_core::protocol::{MAX_EXPORT_BYTES, PACK_CHUNK_BYTES, PackChunk, PersonalAnswer};

use super::super::archive::too_large;
use super::super::view::chunk_of;
use crate::personal::PersonalError;

/// One file each way. A new one takes the place of the one before.
#[derive(Debug, Default)]
pub(super) struct Files {
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
    /// Chunks that have arrived, and how many there are.
    arrived: (u32, u32),
}

impl Files {
    /// Keeps an exported file, and gives its first chunk.
    pub(super) fn send(&mut self, file: Vec<u8>) -> Result<PersonalAnswer, PersonalError> {
        self.outgoing = file;
        self.read(0)
    }

    /// A chunk of it. Behind the last one the file is forgotten.
    pub(super) fn read(&mut self, index: u32) -> Result<PersonalAnswer, PersonalError> {
        let found = chunk_of(&self.outgoing, index);
        let (chunk, chunks) = found.ok_or_else(|| PersonalError::Missing {
            what: format!("part {index} of an exported file"),
        })?;
        if index + 1 == chunks {
            self.outgoing = Vec::new();
        }
        Ok(PersonalAnswer::Exported { chunk, chunks })
    }

    /// Takes a chunk of a file that comes in.
    pub(super) fn put(
        &mut self,
        chunk: &PackChunk,
        chunks: u32,
    ) -> Result<PersonalAnswer, PersonalError> {
        let index = chunk.index;
        if index == 0 {
            self.forget();
            self.arrived = (0, chunks);
        }
        let done = self.append(chunk, chunks);
        if done.is_err() {
            self.forget();
        }
        done.map(|()| PersonalAnswer::Received { index })
    }

    fn append(&mut self, chunk: &PackChunk, chunks: u32) -> Result<(), PersonalError> {
        const BAD: PersonalError =
            PersonalError::Input("The parts of the file do not fit together. Choose it again.");
        if chunks > MAX_EXPORT_BYTES / PACK_CHUNK_BYTES {
            return Err(too_large());
        }
        let (next, total) = self.arrived;
        if chunk.index != next || chunks != total || next >= total {
            return Err(BAD);
        }
        // Checked before it is unpacked: four characters for three bytes.
        if chunk.data.len() > (PACK_CHUNK_BYTES as usize).div_ceil(3) * 4 {
            return Err(BAD);
        }
        let bytes = STANDARD.decode(&chunk.data).map_err(|_| BAD)?;
        let is_last = next + 1 == total;
        let is_full = bytes.len() == PACK_CHUNK_BYTES as usize;
        if (!is_full && !is_last) || bytes.is_empty() || sha256(&bytes).to_string() != chunk.sha256
        {
            return Err(BAD);
        }
        self.incoming.extend(bytes);
        self.arrived = (next + 1, total);
        Ok(())
    }

    /// The file that came in.
    pub(super) fn whole(&self) -> Result<&[u8], PersonalError> {
        let (arrived, chunks) = self.arrived;
        if chunks == 0 || arrived < chunks {
            let what = "whole file to import".to_owned();
            return Err(PersonalError::Missing { what });
        }
        Ok(&self.incoming)
    }

    /// Forgets what came in.
    pub(super) fn forget(&mut self) {
        self.incoming = Vec::new();
        self.arrived = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        (0..1_200_000_u32).map(|at| at as u8).collect()
    }

    /// Every chunk of it, as they would arrive.
    fn chunks() -> Vec<(PackChunk, u32)> {
        let file = file();
        (0..).map_while(|index| chunk_of(&file, index)).collect()
    }

    #[test]
    fn a_file_goes_out_and_comes_in_again() {
        let mut files = Files::default();
        files.send(file()).unwrap();
        let mut index = 0;
        loop {
            let PersonalAnswer::Exported { chunk, chunks } = files.read(index).unwrap() else {
                panic!("chunk {index}")
            };
            files.put(&chunk, chunks).unwrap();
            index += 1;
            if index == chunks {
                break;
            }
            assert!(files.whole().is_err());
        }
        assert_eq!(files.whole().unwrap(), file());
        // What went out is gone, and what came in goes when a new file begins.
        assert!(files.read(0).is_err());
        let (first, total) = chunks().remove(0);
        files.put(&first, total).unwrap();
        assert!(files.whole().is_err());
    }

    #[test]
    fn parts_in_another_order_altered_or_too_many_are_refused() {
        let good = chunks();
        let total = good[0].1;
        let refused = |parts: &[(&PackChunk, u32)]| {
            let mut files = Files::default();
            let (last, before) = parts.split_last().unwrap();
            for (chunk, chunks) in before {
                files.put(chunk, *chunks).unwrap();
            }
            let is_refused = files.put(last.0, last.1).is_err();
            is_refused && files.whole().is_err() && files.incoming.is_empty()
        };
        let parts: Vec<&PackChunk> = good.iter().map(|(chunk, _)| chunk).collect();
        assert!(refused(&[(parts[1], total)]));
        assert!(refused(&[(parts[0], total), (parts[2], total)]));
        assert!(refused(&[(parts[0], total), (parts[1], total + 1)]));
        assert!(refused(&[(parts[0], 65)]));
        assert!(refused(&[(parts[0], 0)]));
        let other = PackChunk {
            sha256: "0".repeat(64),
            ..parts[0].clone()
        };
        assert!(refused(&[(&other, total)]));
        let short = PackChunk {
            index: 0,
            ..parts[2].clone()
        };
        assert!(refused(&[(&short, total)]));
        let large = PackChunk {
            data: "A".repeat(800_000),
            ..parts[0].clone()
        };
        assert!(refused(&[(&large, total)]));
    }
}
